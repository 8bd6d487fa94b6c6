import { expect } from 'chai';
import type { Attack } from '../../support/fault/verdicts.js';
import type { FaultyMember } from '../../support/release-faults/faulty-member.js';
import type { Action } from '../../support/release-faults/plan.js';
import { askAll, expectAll, expectNothing, type Trial } from './trial.js';

const LIES: readonly {
  readonly method: 'submit' | 'prepare';
  readonly action: Action;
  readonly what: string;
}[] = [
  { method: 'submit', action: 'twice', what: 'orderers that were sent everything twice' },
  { method: 'submit', action: 'denied', what: 'orderers that took it and say that they did not' },
  { method: 'submit', action: 'fail', what: 'orderers that took nothing the first time' },
  { method: 'submit', action: 'lost', what: 'orderers that say that they took it and did not' },
  { method: 'prepare', action: 'denied', what: 'endorsers whose answers are lost' },
];
/** Beyond what a request may last, and beyond what endorsers take for the same time. */
const CLOCK_MS = 600_000;
const BEHIND_MS = 300;

const unknown = (what: string): Attack => ({ promise: 7, what });

export function unreliable(trial: Trial): void {
  const { rounds } = trial;
  const either = (round: number): [FaultyMember, 'custodian' | 'requester'] =>
    round % 2 === 0 ? [trial.requester(), 'requester'] : [trial.custodian(), 'custodian'];

  describe('a ledger that is slow, lies about what it took, or lacks values for a while', () => {
    it('makes one event of each request, and releases on it', async () => {
      for (let round = 0; round < rounds; round += 1) {
        const lie = LIES[(trial.dice.seed + round) % LIES.length];
        if (lie === undefined) continue;
        const { method, action } = lie;
        await trial.custodian().plan({ port: 'ledger', method, when: 'before', nth: 1, action });
        await askAll(trial, unknown(lie.what));
        await trial.custodian().plan();
      }
    });

    it('releases later where the own peers are behind', async () => {
      for (let round = 0; round < rounds; round += 1) {
        const [one, whose] = either(round);
        await one.lag(BEHIND_MS + trial.dice.next(BEHIND_MS));
        const answers = await askAll(trial, unknown(`the ${whose}’s own peer is behind`));
        expect(answers.map((answer) => answer?.status)).to.deep.equal(answers.map(() => 200));
        await one.lag(0);
      }
    });

    it('takes each block once where the own peer delivers it twice, and former ones again', async () => {
      for (let round = 0; round < rounds; round += 1) {
        const [one, whose] = either(round);
        await one.repeat(true);
        const attack: Attack = { promise: 5, what: `blocks that the ${whose}’s peer delivers again` };
        await expectAll(trial, attack);
        await one.repeat(false);
      }
    });

    it('releases nothing on a block whose private values are not there, and goes on when they are', async () => {
      const missing = unknown('private values that are missing for a while');
      for (let round = 0; round < rounds; round += 4) {
        await trial.custodian().withhold(true);
        expectNothing(await askAll(trial, missing), missing);
        await trial.custodian().withhold(false);
        await expectAll(trial, unknown('the same, there again'));
      }
    });
  });

  describe('a clock that is wrong', () => {
    it('gets nothing where it is the requester’s or the custodian’s, and gets it again when it is right', async () => {
      for (let round = 0; round < Math.max(4, rounds); round += 1) {
        const [one, whose] = either(Math.floor(round / 2));
        const attack = unknown(`the ${whose}’s clock is ten minutes wrong`);
        await one.clock(round % 2 === 0 ? -CLOCK_MS : CLOCK_MS);
        const answers = await askAll(trial, attack);
        expectNothing(answers, attack);
        if (whose === 'requester')
          expect(answers.map((answer) => answer?.status)).to.deep.equal(answers.map(() => 403));
        await one.clock(0);
      }
      await expectAll(trial, unknown('a clock that is right again'));
    });
  });
}
