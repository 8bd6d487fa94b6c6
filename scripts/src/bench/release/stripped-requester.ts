import path from 'node:path';
import { organizationReference } from '@consent-ledger/chaincode/wire';
import { loadConfiguration } from '@consent-ledger/gateway';
import { loadMemberKeys } from '@consent-ledger/gateway/internal/adapters/keys/member-keys';
import { createLogger } from '@consent-ledger/gateway/internal/adapters/pino-logger';
import { openFileSpool } from '@consent-ledger/gateway/internal/adapters/records/file-spool';
import { openReceiptQueue } from '@consent-ledger/gateway/internal/adapters/sqlite/receipt-queue';
import { Closers } from '@consent-ledger/gateway/internal/composition/closers';
import { connectToPeers } from '@consent-ledger/gateway/internal/composition/others';
import { askHandlers } from '@consent-ledger/gateway/internal/http/operations/records';
import { ciphertextLength } from '@consent-ledger/gateway/internal/release/streaming-aead';
import { Receipts } from '@consent-ledger/gateway/internal/usecases/receipts';
import { createRequestSigner } from '@consent-ledger/gateway/internal/usecases/request-object';
import { NO_CHAIN, serveStripped } from './stripped.js';

/** The requester's half of an exchange without a ledger: everything else is the gateway's own. */
export interface StrippedRequesterSettings {
  readonly configuration: string;
  readonly folder: string;
  /** MSP id of the custodian, and the port of its stripped half. */
  readonly custodian: string;
  readonly port: number;
}

process.once('message', (settings: StrippedRequesterSettings) => void run(settings));

async function run({
  configuration: file,
  folder,
  custodian,
  port,
}: StrippedRequesterSettings): Promise<void> {
  const loaded = loadConfiguration(file);
  const { own, configuration } = loaded;
  const members = configuration.members.map((member) =>
    member.mspId === custodian ? { ...member, gateway: withPort(member.gateway, port) } : member,
  );
  const keys = await loadMemberKeys(configuration.keys);
  const now = (): number => Date.now();
  const log = createLogger('warn');
  const peers = connectToPeers({ ...configuration, members }, new Closers());
  const receipts = new Receipts({
    queue: openReceiptQueue(path.join(folder, 'receipts.db')),
    peers,
    log,
    now,
  });
  receipts.start();
  const pseudonymKey = Buffer.alloc(32, 1);
  const ledgerId = configuration.ledger.id;
  const ask = {
    own: own.mspId,
    ledgerId,
    signer: createRequestSigner({ own: own.mspId, ledgerId, keys, pseudonymKey, now }),
    peers,
    receipts,
    keys,
    spool: await openFileSpool(path.join(folder, 'spool')),
    chain: NO_CHAIN,
    log,
    now,
    recordBytes: ciphertextLength(configuration.limits.recordBytes),
    eventMs: configuration.deadlines.commitMs,
    releaseMs: configuration.deadlines.releaseMs,
  };
  const directory = {
    own,
    byReference: (reference: string) => members.find(({ name }) => organizationReference(name) === reference),
  };
  await serveStripped(
    loaded,
    folder,
    askHandlers({ members: directory, ask, own: undefined, journal: undefined }),
  );
}

function withPort(address: string, port: number): string {
  const url = new URL(address);
  url.port = `${port}`;
  return url.origin;
}
