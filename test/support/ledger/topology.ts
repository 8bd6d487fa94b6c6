import { parseTopology, type Topology } from '@consent-ledger/network';

/** Organisations a, b, c, d of the suite. */
const ORGANISATIONS = ['alpha', 'bravo', 'charlie', 'delta'] as const;
const KINDS = ['hospital', 'hospital', 'sponsor', 'auditor'] as const;

export const BLOCK_INTERVAL_MS = 50;

export function suiteTopology(ordering: 'embedded' | 'raft' | 'bft'): Topology {
  const organisations = ORGANISATIONS.map((name, index) => ({
    name,
    mspId: `${name[0]?.toUpperCase() ?? ''}${name.slice(1)}MSP`,
    kind: KINDS[index],
    displayName: name,
  }));
  const document = {
    topology: 1,
    channel: 'suite',
    chaincode: { name: 'probe', version: '1' },
    ordering: { type: ordering, blockInterval: `${BLOCK_INTERVAL_MS}ms`, absoluteMaxBytes: '10 MiB' },
    organisations,
  };
  // JSON is YAML.
  return parseTopology(JSON.stringify(document), 'suite.yaml');
}
