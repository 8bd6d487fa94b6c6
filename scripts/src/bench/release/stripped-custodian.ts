import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import {
  canonicalBytes,
  verifyRequestObject,
  type AccessEvent,
  type Descriptor,
  type EventRecord,
  type Member,
} from '@consent-ledger/chaincode/wire';
import { loadConfiguration } from '@consent-ledger/gateway';
import { openFileKeyStore } from '@consent-ledger/gateway/internal/adapters/keys/file-key-store';
import { openVault } from '@consent-ledger/gateway/internal/adapters/keys/sqlite-vault';
import { openFileStore } from '@consent-ledger/gateway/internal/adapters/records/file-store';
import { releaseHandlers } from '@consent-ledger/gateway/internal/http/operations/records';
import { problemOf } from '@consent-ledger/gateway/internal/http/problems';
import { encryptStream } from '@consent-ledger/gateway/internal/release/streaming-aead';
import type { AcceptedRequest, Decided } from '@consent-ledger/gateway/internal/usecases/decisions';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import { recordBinding } from '@consent-ledger/gateway/internal/usecases/record-binding';
import { serveStripped } from './stripped.js';

/** The custodian's half of an exchange without consent and ledger: it permits everything and logs nothing. */
export interface StrippedCustodianSettings {
  readonly configuration: string;
  readonly folder: string;
  /** Who asks, as the ledger has it. */
  readonly requester: Member;
  readonly subjects: number;
  readonly recordsEach: number;
  readonly bytes: number;
}

process.once('message', (settings: StrippedCustodianSettings) => void run(settings));

async function run(settings: StrippedCustodianSettings): Promise<void> {
  const loaded = loadConfiguration(settings.configuration);
  const { folder, requester } = settings;
  const custodian = loaded.own.mspId;
  const vault = await openVault(
    path.join(folder, 'vault.db'),
    openFileKeyStore(path.join(folder, 'master.key'), true),
  );
  const records = await openFileStore(path.join(folder, 'records'));
  const descriptors = new Map<string, Descriptor>();
  for (let subject = 0; subject < settings.subjects; subject += 1) {
    for (let place = 0; place < settings.recordsEach; place += 1) {
      const record = `record-${subject}-${place}`;
      const named = { record, version: 1, subjects: [`subject-${subject}`] };
      const { key, shares } = await vault.create(named);
      const content = once(randomBytes(settings.bytes));
      const ciphertext = await records.keep(
        encryptStream(content, key, recordBinding(custodian, record, 1)),
        ({ digest }) => {
          vault.keep({ ...named, ciphertext: digest }, shares);
        },
      );
      descriptors.set(record, descriptorOf(named, ciphertext));
    }
  }

  const accept = (text: string): AcceptedRequest => {
    const verified = verifyRequestObject(text, {
      ledgerId: loaded.configuration.ledger.id,
      custodian,
      members: (mspId) => (mspId === requester.mspId ? requester : undefined),
      purposeSystems: undefined,
      at: Date.now(),
    });
    if (verified.kind === 'refused') throw new Refusal(verified.code);
    return { ...verified, text };
  };
  const decisions = {
    accept,
    decide: (request: AcceptedRequest) => Promise.resolve(permitted(request, custodian)),
  };
  const release = {
    accept,
    look: (request: AcceptedRequest) => Promise.resolve(permits(request)),
    current: () => Promise.resolve(),
    custody: { get: (_kind: string, record: string) => heldOf(descriptors.get(record)) } as never,
    records,
    vault,
    now: () => Date.now(),
    pseudonymisedBytes: 0,
    profileOf: () => undefined,
    denialsOf: () => [],
  };
  const deliveries = { log: () => Promise.resolve({ transaction: '0'.repeat(64), block: 1 }) };
  // Nobody asks it for a cohort: what only that needs is not there.
  const find = undefined as never;
  const handlers = releaseHandlers({ decisions, release, find, deliveries, describeProblem: problemOf });
  await serveStripped(loaded, folder, { release: handlers.release, receipt: handlers.receipt });
}

function permits({ claims }: AcceptedRequest): EventRecord[] {
  return claims.records.map((record) => ({
    record,
    outcome: 'permit',
    code: 'permitted',
    version: 1,
    obligations: [],
  }));
}

function permitted(request: AcceptedRequest, custodian: string): Decided {
  const { claims, digest } = request;
  const event: AccessEvent = {
    v: 1,
    salt: randomBytes(16).toString('base64url'),
    custodian,
    requester: claims.iss,
    jti: claims.jti,
    request: digest,
    at: new Date().toISOString(),
    enc: claims.enc,
    details: digest,
    records: permits(request),
    rules: 'none',
  };
  const value = canonicalBytes(event);
  const transaction = createHash('sha256').update(value).digest('hex');
  return { key: `event/${transaction}`, event, value, transaction, block: 1 };
}

function descriptorOf(
  { record, version, subjects }: { record: string; version: number; subjects: string[] },
  ciphertext: { digest: string; bytes: number },
): Descriptor {
  return { record, version, subjects, ciphertext, mediaType: 'application/octet-stream' } as Descriptor;
}

function heldOf(value: Descriptor | undefined): object | undefined {
  return value === undefined ? undefined : { value, transaction: '', block: 1 };
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield await Promise.resolve(bytes);
}
