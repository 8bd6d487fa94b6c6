import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { startConsortium, type TestConsortium } from '../http/support/consortium.js';
import { privateHistory } from '../support/history.js';
import { FaultyMember } from '../support/release-faults/faulty-member.js';
import { cheats } from '../suites/release/cheats.js';
import { damagedRecords } from '../suites/release/damaged-records.js';
import { steps } from '../suites/release/steps.js';
import { diceOf, holdRecords, Tally, type Held, type Trial } from '../suites/release/trial.js';
import { unreliable } from '../suites/release/unreliable.js';
import { withdrawals } from '../suites/release/withdrawals.js';

/** Rounds of each attack, three requests each, in `npm test`; `npm run test:fault` makes thousands of attempts. */
const SHORT = 2;
const RUNS = Number(process.env['CONSENT_LEDGER_FAULT_RUNS'] ?? SHORT);
const SEED = Number(process.env['CONSENT_LEDGER_FAULT_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** Small, more than one frame, and of more than one segment. */
const SIZES = [700, 300_000, 1_200_000];

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
    dice: diceOf(SEED),
    tally: new Tally(),
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
    process.stdout.write(
      `\n${trial.tally
        .lines()
        .map((line) => `      ${line}\n`)
        .join('')}`,
    );
  });

  steps(trial);
  withdrawals(trial);
  unreliable(trial);
  cheats(trial);
  damagedRecords(trial);

  describe('the ledger afterwards', () => {
    it('shows that every release, and every key that left, has its own earlier event that permits; none has two', async () => {
      const sentinel = consortium.member('sentinel');
      const gone = new Set([...trial.released, ...requester.keysOf]);
      let events: { readonly key: string; readonly value: Record<string, unknown> }[] = [];
      // The auditor's peer may be a block behind.
      for (let tries = 0; tries < 50; tries += 1) {
        events = (await privateHistory(sentinel)).filter(({ key }) => key.startsWith('event/'));
        const there = new Set(events.map(({ key }) => key));
        if ([...gone].every((key) => there.has(key))) break;
        await sleep(100);
      }
      expect(new Set(events.map(({ key }) => key)).size, 'events that were written twice').to.equal(
        events.length,
      );
      const permitted = new Set(
        events
          .filter(({ value }) =>
            (value['records'] as { outcome: string }[]).some(({ outcome }) => outcome === 'permit'),
          )
          .map(({ key }) => key),
      );
      expect(gone.size).to.be.greaterThan(0);
      expect(
        [...gone].filter((key) => !permitted.has(key)),
        `seed ${SEED}`,
      ).to.deep.equal([]);
    });
  });
});
