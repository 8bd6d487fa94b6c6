import { expect } from 'chai';
import type { Action, Fault } from '../../support/release-faults/plan.js';
import { askAll, expectNothing, type Trial } from './trial.js';

const LIES: readonly {
  readonly method: 'submit' | 'outcome' | 'prepare';
  readonly action: Action;
  readonly what: string;
}[] = [
  { method: 'submit', action: 'twice', what: 'orderers that were sent everything twice' },
  { method: 'submit', action: 'denied', what: 'orderers that took it and say that they did not' },
  { method: 'submit', action: 'fail', what: 'orderers that took nothing the first time' },
  { method: 'prepare', action: 'denied', what: 'endorsers whose answers are lost' },
];
const CLOCK_MS = 600_000;

export function unreliable(trial: Trial): void {
  const { rounds } = trial;

  describe('a ledger that is slow, lies about what it took, or lacks values for a while', () => {
    it('makes one event of each request, and releases on it', async () => {
      for (let round = 0; round < rounds; round += 1) {
        const lie = LIES[(trial.dice.seed + round) % LIES.length];
        if (lie === undefined) continue;
        const fault: Fault = {
          port: 'ledger',
          method: lie.method,
          when: 'before',
          nth: 1,
          action: lie.action,
        };
        await trial.custodian().plan(fault);
        await askAll(trial, lie.what);
        await trial.custodian().plan();
      }
    });

    it('releases later where the own peers are behind', async () => {
      for (let round = 0; round < rounds; round += 1) {
        const one = round % 2 === 0 ? trial.requester() : trial.custodian();
        await one.lag(300 + trial.dice.next(300));
        const answers = await askAll(trial, 'a peer that is behind');
        expect(answers.map((answer) => answer?.status)).to.deep.equal(answers.map(() => 200));
        await one.lag(0);
      }
    });

    it('releases nothing on a block whose private values are not there, and goes on when they are', async () => {
      for (let round = 0; round < rounds; round += 4) {
        await trial.custodian().withhold(true);
        expectNothing(await askAll(trial, 'private values missing'), 'values are missing');
        await trial.custodian().withhold(false);
        let answers = await askAll(trial, 'private values there again');
        for (let tries = 0; tries < 20 && answers.some((answer) => answer?.status !== 200); tries += 1) {
          answers = await askAll(trial, 'private values there again');
        }
        expect(answers.map((answer) => answer?.status)).to.deep.equal(answers.map(() => 200));
      }
    });
  });

  describe("a requester's clock that is wrong", () => {
    it('gets nothing, and the refusal is logged', async () => {
      for (const offset of [-CLOCK_MS, CLOCK_MS]) {
        await trial.requester().clock(offset);
        const answers = await askAll(trial, 'a clock that is wrong');
        expect(answers.map((answer) => answer?.status)).to.deep.equal(answers.map(() => 403));
        await trial.requester().clock(0);
      }
    });
  });
}
