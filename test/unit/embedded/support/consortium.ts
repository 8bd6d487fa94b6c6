import {
  chaincodeDefinition,
  portPlan,
  prepareConsortium,
  type PreparedConsortium,
} from '@consent-ledger/network';
import {
  openLedger,
  type LedgerOptions,
  type OpenLedger,
} from '@consent-ledger/network/internal/embedded/open-ledger';
import type { PeerSigner } from '@consent-ledger/network/internal/embedded/ports';
import { createSigner } from '@consent-ledger/network/internal/embedded/msp/signer';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { demo } from '../../network/consortium.js';

export const RIVERSIDE = 'RiversideMSP';
export const LAKESIDE = 'LakesideMSP';
export const NOVACURE = 'NovacureMSP';
export const SENTINEL = 'SentinelMSP';
export const ALL = [RIVERSIDE, LAKESIDE, NOVACURE, SENTINEL] as const;

export const CHAINCODE = 'consent-ledger';
export const CHANNEL = 'consent';
/** Held by Riverside and Sentinel; both have to endorse. */
export const CUSTODY = `custody-${RIVERSIDE}`;
/** Held by Riverside and Sentinel; either endorses. */
export const WITHDRAWAL = `withdrawal-${RIVERSIDE}`;

/** Milliseconds: keys are made once, and the machine may be busy. */
export const PATIENCE = 60_000;

export type Role = 'peer' | 'orderer' | 'admin' | 'client';

/** The demo's consortium with a fresh genesis block, made once for a test process: its keys take a while. */
export interface TestConsortium {
  readonly prepared: PreparedConsortium;
  readonly signer: (mspId: string, role: Role) => PeerSigner;
  readonly options: (folder: string, overrides?: Partial<LedgerOptions>) => LedgerOptions;
}

let made: Promise<TestConsortium> | undefined;

export function testConsortium(): Promise<TestConsortium> {
  made ??= make();
  return made;
}

async function make(): Promise<TestConsortium> {
  const dataDir = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
  try {
    return await prepareTestConsortium(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** The consortium whose keys and genesis block lie in a folder, made there if need be. */
export async function prepareTestConsortium(dataDir: string): Promise<TestConsortium> {
  const topology = demo();
  const prepared = await prepareConsortium(topology, portPlan(topology), dataDir);
  const signers = new Map<string, PeerSigner>();
  for (const organisation of prepared.identities.organisations) {
    const identities = {
      peer: organisation.peer.identity,
      orderer: organisation.orderer.identity,
      admin: organisation.admin.identity,
      client: organisation.gatewayClient.identity,
    };
    for (const [role, { certificatePem, keyPem }] of Object.entries(identities)) {
      const signer = createSigner(organisation.mspId, Buffer.from(certificatePem), keyPem);
      signers.set(`${organisation.mspId} ${role}`, signer);
    }
  }
  const signer = (mspId: string, role: Role): PeerSigner => {
    const found = signers.get(`${mspId} ${role}`);
    if (found === undefined) throw new Error(`no ${role} of ${mspId}`);
    return found;
  };
  return {
    prepared,
    signer,
    options: (folder, overrides) => ({
      folder,
      genesisBlock: prepared.genesisBlock,
      orderer: signer(SENTINEL, 'orderer'),
      organizations: ALL.map((mspId) => ({
        mspId,
        peer: signer(mspId, 'peer'),
        admin: signer(mspId, 'admin'),
      })),
      chaincodes: [chaincodeDefinition(topology)],
      ...overrides,
    }),
  };
}

/** A ledger in a folder of its own, closed and removed after the test. */
export async function withLedger<T>(
  use: (ledger: OpenLedger, consortium: TestConsortium, folder: string) => Promise<T> | T,
  overrides?: Partial<LedgerOptions>,
): Promise<T> {
  const consortium = await testConsortium();
  const folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
  try {
    const ledger = await openLedger(consortium.options(folder, overrides));
    try {
      return await use(ledger, consortium, folder);
    } finally {
      await ledger.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One ledger for all tests of a file, which have to leave it as they found it. */
export function sharedLedger(): { readonly ledger: OpenLedger; readonly consortium: TestConsortium } {
  let ledger: OpenLedger | undefined;
  let consortium: TestConsortium | undefined;
  let folder: string | undefined;
  before(async function () {
    this.timeout(PATIENCE);
    consortium = await testConsortium();
    folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
    ledger = await openLedger(consortium.options(folder));
  });
  after(async () => {
    await ledger?.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  return {
    get ledger() {
      return present(ledger);
    },
    get consortium() {
      return present(consortium);
    },
  };
}

function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the ledger is open only while tests run');
  return value;
}
