import { join } from 'node:path';
import { accessEvent, JOURNAL_TYP, sha256, type AccessEvent } from '@consent-ledger/chaincode/wire';
import { openJournal } from '@consent-ledger/gateway/internal/adapters/sqlite/journal-store';
import type { CustodyView } from '@consent-ledger/gateway/internal/usecases/custody-view';
import {
  JournalPublisher,
  type JournalPublisherOptions,
} from '@consent-ledger/gateway/internal/usecases/journal/publisher';
import { expect } from 'chai';
import { eventually } from '../../support/eventually.js';
import { temporaryFolder } from '../../support/temporary.js';
import { newKey, signJws } from '../contracts/support/identities.js';

const CUSTODIAN = 'RiversideMSP';
const REQUESTER = 'LakesideMSP';
const IAT = 1_900_000_000;
const JTI = 'A'.repeat(22);
const PATIENCE = { withinMs: 60_000 };
const eventOf = (place: number): string => `event/${String(place).repeat(64)}`;

describe('an entry of a journal is settled', () => {
  const folder = temporaryFolder();
  const key = newKey();

  it('by its own event, and never by that of a decision of the same request', async () => {
    const journal = openJournal(join(folder.path, 'journal.db'), CUSTODIAN, (claims) =>
      Promise.resolve(signJws({ alg: 'ES256', typ: JOURNAL_TYP, kid: key.kid }, claims, key.privateKey)),
    );
    const events = new Map<string, AccessEvent>();
    for (const place of [0, 1]) {
      const kept = await journal.append({
        role: 'custodian',
        request: 'a request object',
        body: {
          ledger: 'a'.repeat(64),
          custodian: CUSTODIAN,
          requester: REQUESTER,
          jti: JTI,
          event: eventOf(place),
          request: sha256('a request object'),
          iat: IAT,
          due: IAT + 3_600,
          height: 7,
          records: [{ record: 'hb-1', outcome: 'permit', code: 'permitted', version: 1, obligations: [] }],
        },
      });
      journal.countersign(kept.seq, 'the other entry');
      const at = new Date(IAT * 1_000).toISOString();
      const event = accessEvent.parse({
        v: 1,
        salt: JTI,
        custodian: CUSTODIAN,
        requester: REQUESTER,
        jti: JTI,
        request: sha256('a request object'),
        at,
        enc: sha256('key'),
        details: sha256('details'),
        records: kept.claims.records,
        rules: '1',
        // The second was decided in the ordinary way.
        ...(place === 0 && { journal: { at, custodian: kept.digest, requester: sha256('the other entry') } }),
      });
      events.set(eventOf(place), event);
    }
    const logged: string[] = [];
    const log = (name: string): void => {
      logged.push(name);
    };
    const publisher = new JournalPublisher({
      journal,
      own: CUSTODIAN,
      custody: { custodian: CUSTODIAN, collection: 'custody' } as unknown as CustodyView,
      projection: {
        event: (_collection: string, event: string) => ({
          value: Buffer.from(JSON.stringify(events.get(event))),
          transaction: 'ordinary',
          block: 7,
        }),
        publicValue: () => undefined,
      },
      outbox: { isOpen: () => false },
      chain: { state: 'following' },
      transactions: { run: () => Promise.resolve({ transaction: 'one', block: 8 }) },
      peers: {},
      log: { info: log, warn: log, error: log },
      now: () => IAT * 1_000,
    } as unknown as JournalPublisherOptions);
    publisher.start();
    try {
      await eventually(() => {
        const settled = journal.list(-1, 10).map(({ isSettled }) => isSettled);
        expect(settled).to.deep.equal([true, false]);
        expect(logged).to.include('journal.decided-as-well');
        return Promise.resolve();
      }, PATIENCE);
    } finally {
      await publisher.stop();
      await journal.close();
    }
    expect(logged.filter((name) => name === 'journal.decided-as-well')).to.have.length(1);
  });
});
