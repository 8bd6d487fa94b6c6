import { parseTopology, type Topology } from '@consent-ledger/network';
import type { LedgerKind } from '../any-ledger.js';

const ORGANISATIONS = [
  { name: 'riverside', kind: 'hospital' },
  { name: 'novacure', kind: 'sponsor' },
  { name: 'sentinel', kind: 'auditor' },
  { name: 'warden', kind: 'regulator' },
] as const;

export const RIVERSIDE = 'RiversideMSP';
export const SENTINEL = 'SentinelMSP';
export const WARDEN = 'WardenMSP';

/** One custodian, and two that watch over it: when one of them is down the other endorses. */
export function adapterTopology(ordering: LedgerKind): Topology {
  const document = {
    topology: 1,
    chaincode: { name: 'consent-ledger', version: '1' },
    ordering: { type: ordering, blockInterval: '100ms' },
    organisations: ORGANISATIONS.map(({ name, kind }) => ({
      name,
      mspId: `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}MSP`,
      kind,
      displayName: name,
    })),
  };
  // JSON is YAML.
  return parseTopology(JSON.stringify(document), 'adapter.yaml');
}
