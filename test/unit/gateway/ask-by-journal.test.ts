import { randomBytes } from 'node:crypto';
import { JOURNAL_TYP, sha256, type Member, type RequestClaims } from '@consent-ledger/chaincode/wire';
import {
  askByJournal,
  type AskByJournalOptions,
} from '@consent-ledger/gateway/internal/usecases/journal/ask-by-journal';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import type { Asked } from '@consent-ledger/gateway/internal/usecases/request-object';
import { expect } from 'chai';
import { entryOf, newKey, signJws } from '../contracts/support/identities.js';

const LEDGER = 'a'.repeat(64);
const CUSTODIAN = 'RiversideMSP';
const REQUESTER = 'LakesideMSP';
const EVENT = `event/${'0'.repeat(64)}`;
const IAT = Math.floor(Date.parse('2026-11-24T12:00:00.000Z') / 1_000);
const CONTENT = Buffer.from('abc');

describe('a requester that is answered by a journal', () => {
  const key = newKey();
  const custodian = { mspId: CUSTODIAN, keys: [entryOf(key, 'sig')] } as unknown as Member;
  const claims = {
    iss: REQUESTER,
    aud: CUSTODIAN,
    jti: randomBytes(16).toString('base64url'),
    iat: IAT,
    exp: IAT + 300,
    records: ['hb-1'],
  } as unknown as RequestClaims;
  const sent = { text: 'the request object', claims };
  let now: number;
  let signedAt: number;
  let appended: { role: string; body: { iat: number } }[];

  beforeEach(() => {
    [now, signedAt, appended] = [IAT * 1_000, IAT, []];
  });

  function entry(): string {
    const said = {
      iss: CUSTODIAN,
      ledger: LEDGER,
      custodian: CUSTODIAN,
      requester: REQUESTER,
      jti: claims.jti,
      event: EVENT,
      request: sha256(sent.text),
      iat: signedAt,
      due: signedAt + 3_600,
      height: 7,
      records: [{ record: 'hb-1', outcome: 'permit', code: 'permitted', version: 1, obligations: [] }],
      chain: 'A'.repeat(22),
      seq: 0,
      prev: sha256('before'),
    };
    return signJws({ alg: 'ES256', typ: JOURNAL_TYP, kid: key.kid }, said, key.privateKey);
  }

  async function* frames(): AsyncGenerator<object> {
    const digest = sha256(CONTENT);
    const start = { record: 'hb-1', version: 1, bytes: 3, digest, mediaType: 'text/plain' };
    yield await Promise.resolve({ frame: 'record', ...start });
    yield { frame: 'ciphertext', bytes: CONTENT };
    yield { frame: 'record-end', record: 'hb-1' };
    yield { frame: 'journalled', entry: entry() };
  }

  /** What it ends with; the custodian gives no key, so nothing is opened. */
  async function ask(): Promise<string | undefined> {
    const options = {
      ledgerId: LEDGER,
      own: REQUESTER,
      releaseMs: 60_000,
      recordBytes: 1_000,
      now: () => now,
      member: (mspId: string) => (mspId === CUSTODIAN ? custodian : undefined),
      log: { warn: () => undefined },
      signer: { sign: () => Promise.resolve(sent) },
      spool: {
        hold: async (source: AsyncIterable<Uint8Array>) => {
          const chunks: Uint8Array[] = [];
          for await (const chunk of source) chunks.push(chunk);
          const whole = Buffer.concat(chunks);
          return { bytes: whole.length, digest: sha256(whole), discard: () => Promise.resolve() };
        },
      },
      peers: { requestByJournal: frames, sendJournalEntry: () => Promise.resolve({ keys: [] }) },
      journal: {
        append: (one: (typeof appended)[number]) => {
          appended.push(one);
          return Promise.resolve({ seq: 0, entry: 'own', claims: { custodian: CUSTODIAN, jti: claims.jti } });
        },
        settled: () => undefined,
      },
    } as unknown as AskByJournalOptions;
    const user = {} as Parameters<typeof askByJournal>[1];
    const told = new Refusal('ledger-unavailable');
    try {
      await askByJournal({} as Asked, user, new AbortController().signal, told, options);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error.code;
      throw error;
    }
  }

  it('keeps its own entry beside one that was signed while the request was in force', async () => {
    for (const [at, when] of [
      [IAT - 30, IAT],
      [IAT + 299, IAT + 299],
    ] as const) {
      [signedAt, now] = [at, when * 1_000];
      expect(await ask()).to.equal(undefined);
      expect(appended.at(-1)?.body.iat).to.equal(when);
    }
  });

  it('keeps none beside one that can never be on the ledger, or when it may not be answered any more itself', async () => {
    for (const [at, when] of [
      [IAT + 300, IAT + 299],
      [IAT + 310, IAT + 310],
      [IAT - 31, IAT],
      [IAT + 10, IAT + 300],
    ] as const) {
      [signedAt, now] = [at, when * 1_000];
      expect(await ask(), `${at - IAT} at ${when - IAT}`).to.equal('release-broken');
      expect(appended).to.deep.equal([]);
    }
  });
});
