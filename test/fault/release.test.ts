import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { startConsortium, type TestConsortium } from '../http/support/consortium.js';
import { diceOf, FAULT_SEED } from '../support/fault/dice.js';
import { tried, type Attack } from '../support/fault/verdicts.js';
import { privateHistory } from '../support/history.js';
import { FaultyMember } from '../support/release-faults/faulty-member.js';
import { cheats } from '../suites/release/cheats.js';
import { damagedRecords } from '../suites/release/damaged-records.js';
import { steps } from '../suites/release/steps.js';
import { holdRecords, type Held, type Trial } from '../suites/release/trial.js';
import { unreliable } from '../suites/release/unreliable.js';
import { writes } from '../suites/release/writes.js';
import { withdrawals } from '../suites/release/withdrawals.js';

/** Rounds of each attack, three requests each, in `npm test`; `npm run test:fault` makes thousands of attempts. */
const SHORT = 2;
const RUNS = Number(process.env['CONSENT_LEDGER_FAULT_RUNS'] ?? SHORT);
/** Small, more than one frame, and of more than one segment. */
const SIZES = [700, 300_000, 1_200_000];

const LOGGED: Attack = {
  promise: 2,
  what: 'keys and records that came out of all of this, each looked for on oversight’s peer',
};
const ONCE: Attack = { promise: 6, what: 'events that came of all of this, each looked for twice' };

describe('releases that somebody tries to break', function () {
  this.timeout(60_000 + RUNS * 60_000);
  let consortium: TestConsortium;
  let custodian: FaultyMember;
  let requester: FaultyMember;
  let held: Held[] = [];
  const trial: Trial = {
    consortium: () => consortium,
    custodian: () => custodian,
    requester: () => requester,
    held: () => held,
    dice: diceOf(FAULT_SEED),
    released: new Set(),
    rounds: RUNS > SHORT ? 4 * RUNS : RUNS,
  };

  before(async () => {
    consortium = await startConsortium();
    [custodian, requester] = await Promise.all([
      FaultyMember.takeOver(consortium, 'riverside'),
      FaultyMember.takeOver(consortium, 'lakeside'),
    ]);
    held = await holdRecords(trial, SIZES);
  });
  after(async () => {
    await Promise.all([custodian.stop(), requester.stop()]);
    await consortium.stop();
  });

  steps(trial);
  writes(trial);
  withdrawals(trial);
  unreliable(trial);
  cheats(trial);
  damagedRecords(trial);

  describe('the ledger afterwards', () => {
    it('shows that every release, and every key that left, has its own earlier event that permits; none has two', async () => {
      const sentinel = consortium.member('sentinel');
      const gone = new Set([...trial.released, ...requester.keysOf]);
      let events: { readonly key: string; readonly value: Record<string, unknown> }[] = [];
      // The auditor's peer may be behind.
      for (let tries = 0; tries < 300; tries += 1) {
        events = (await privateHistory(sentinel)).filter(({ key }) => key.startsWith('event/'));
        const there = new Set(events.map(({ key }) => key));
        if ([...gone].every((key) => there.has(key))) break;
        await sleep(200);
      }
      const twice = events.length - new Set(events.map(({ key }) => key)).size;
      tried(ONCE, events.length, twice);
      expect(twice, 'events that were written twice').to.equal(0);
      const permitted = new Set(
        events
          .filter(({ value }) =>
            (value['records'] as { outcome: string }[]).some(({ outcome }) => outcome === 'permit'),
          )
          .map(({ key }) => key),
      );
      expect(gone.size).to.be.greaterThan(0);
      const unlogged = [...gone].filter((key) => !permitted.has(key));
      tried(LOGGED, gone.size, unlogged.length);
      expect(unlogged, `seed ${FAULT_SEED}`).to.deep.equal([]);
    });
  });
});
