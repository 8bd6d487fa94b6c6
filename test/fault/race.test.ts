import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { startConsortium, type TestConsortium, type TestMember } from '../http/support/consortium.js';
import {
  ask,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from '../http/support/people.js';
import { tried } from '../support/fault/verdicts.js';
import { privateHistory, type HistoricWrite } from '../support/history.js';

/** Requests in all: some thousands in `npm run test:fault`. */
const RUNS = Number(process.env['CONSENT_LEDGER_FAULT_RUNS'] ?? '4');
const REQUESTS = RUNS * 75;

const ASKERS = 12;

interface BasisEntry {
  readonly consent: string;
  readonly outcome: string;
}

interface DetailValue {
  readonly event: string;
  readonly records: readonly { readonly reason: string; readonly basis: readonly BasisEntry[] }[];
}

describe('grants, withdrawals and requests for one subject, all at once', function () {
  this.timeout(60_000 + REQUESTS * 500);
  let consortium: TestConsortium;
  let riverside: TestMember;
  let lakeside: TestMember;
  let sentinel: TestMember;
  let history: readonly HistoricWrite[];
  const releasedBy = new Set<string>();
  let refusals = 0;

  before(async () => {
    // Epochs of a few seconds, so that several end while requests are under way.
    consortium = await startConsortium((made) => ({ ...made, ledger: { ...made.ledger, epochSeconds: 3 } }));
    [riverside, lakeside, sentinel] = ['riverside', 'lakeside', 'sentinel'].map((name) =>
      consortium.member(name),
    ) as [TestMember, TestMember, TestMember];
    const subject = await registerSubject(riverside);
    const record = await putRecord(riverside, { subject, facts: { labels: ['N'] } });
    await race(subject, record.id);
    history = await privateHistory(sentinel);
  });
  after(() => consortium.stop());

  async function race(subject: string, record: string): Promise<void> {
    let left = REQUESTS;
    const asker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        const answer = await ask(lakeside, riverside, [record]);
        if (answer.status === 200) releasedBy.add(String(answer.headers['consent-ledger-event']));
        else {
          // A conflict that does not end is refused as such; it is no release.
          expect(answer.status, JSON.stringify(answer.json)).to.be.oneOf([403, 409, 503]);
          refusals += 1;
        }
      }
    };
    // One consent is granted, stands for a moment and is withdrawn, by turns at the custodian and at the auditor.
    const granter = async (turn: number): Promise<void> => {
      for (let i = turn; left > 0; i += 1) {
        const consent = randomUUID();
        const terms = { id: consent, subject, recipient: lakeside.reference };
        const filed = await fileConsent(riverside, treatmentConsent(terms));
        expect(filed.status, JSON.stringify(filed.json)).to.be.oneOf([201, 409, 503]);
        if (filed.status !== 201) continue;
        // The auditor's own peer may not have the consent yet; then it is unknown there for a moment.
        let gone: Awaited<ReturnType<typeof withdraw>>;
        do {
          gone = await (i % 2 === 0 ? withdraw(riverside, consent) : withdraw(sentinel, consent, riverside));
          expect(gone.status, JSON.stringify(gone.json)).to.be.oneOf([200, 404, 409, 503]);
        } while (gone.status !== 200);
      }
    };
    await Promise.all([granter(0), ...Array.from({ length: ASKERS }, asker)]);
  }

  it('really raced: there were releases, refusals and many withdrawals', () => {
    const withdrawals = history.filter(({ key }) => key.startsWith('withdrawal/'));
    expect(releasedBy.size, 'releases').to.be.greaterThan(0);
    expect(refusals, 'refusals').to.be.greaterThan(0);
    expect(withdrawals.length, 'withdrawals').to.be.greaterThan(RUNS);
  });

  it('went on through the ends of epochs, and nobody saw one', async () => {
    const token = await sentinel.token('auditor', ['auditor']);
    const { epoch } = (await sentinel.call('GET', '/v1/ledger', { token })).json;
    expect((epoch as { number: number }).number).to.be.greaterThan(1);
  });

  it('no permit rests on a consent whose withdrawal was ordered before it', () => {
    const withdrawn = new Set<string>();
    let permits = 0;
    for (const { key, value } of history) {
      if (key.startsWith('withdrawal/')) {
        for (const entry of value['withdrawals'] as { consent: string }[]) withdrawn.add(entry.consent);
      }
      if (!key.startsWith('details/')) continue;
      for (const { records } of value['details'] as DetailValue[]) {
        for (const { reason, basis } of records.filter((one) => one.reason === 'permitted-by-consent')) {
          permits += 1;
          const standing = basis.filter(
            ({ consent, outcome }) => outcome === 'permit' && !withdrawn.has(consent),
          );
          tried(
            { promise: 3, what: 'permits in a race with grants, withdrawals and the ends of epochs' },
            1,
            standing.length === 0 ? 1 : 0,
          );
          expect(standing, `${reason} on ${JSON.stringify(basis)}`).to.not.be.empty;
        }
      }
    }
    expect(permits).to.be.at.least(releasedBy.size);
  });

  it('every release has its own earlier event that permits, and no request has two', () => {
    const events = history.filter(({ key }) => key.startsWith('event/'));
    const twice = events.length - new Set(events.map(({ key }) => key)).size;
    tried({ promise: 6, what: 'events of a race, each looked for twice' }, events.length, twice);
    expect(twice).to.equal(0);
    const permitted = new Set(
      events
        .filter(({ value }) =>
          (value['records'] as { outcome: string }[]).every(({ outcome }) => outcome === 'permit'),
        )
        .map(({ key }) => key),
    );
    const unlogged = [...releasedBy].filter((key) => !permitted.has(key));
    tried(
      { promise: 2, what: 'releases of a race, each looked for on oversight’s peer' },
      releasedBy.size,
      unlogged.length,
    );
    expect(unlogged).to.deep.equal([]);
  });
});
