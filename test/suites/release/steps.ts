import { expect } from 'chai';
import type { Dice } from '../../support/fault/dice.js';
import type { FaultyMember } from '../../support/release-faults/faulty-member.js';
import { nameOf, type Action, type Fault, type Port } from '../../support/release-faults/plan.js';
import { askAll, expectAll, type Trial } from './trial.js';

interface Step {
  readonly port: Port;
  readonly method: string;
  /** How often a release passes it, and so the nth passing may be chosen. */
  readonly times: number;
}

/** What a custodian's gateway writes, sends and sees committed, in the course of a release and of logging its delivery. */
const CUSTODIAN: readonly Step[] = [
  { port: 'records', method: 'open', times: 2 },
  { port: 'ledger', method: 'prepare', times: 2 },
  { port: 'outbox', method: 'keep', times: 2 },
  { port: 'ledger', method: 'submit', times: 2 },
  { port: 'ledger', method: 'follow-item', times: 2 },
  { port: 'outbox', method: 'settle', times: 2 },
  { port: 'vault', method: 'open', times: 2 },
  { port: 'ledger', method: 'height', times: 1 },
];

/** The same of the requester's. */
const REQUESTER: readonly Step[] = [
  { port: 'peers', method: 'requestRelease', times: 2 },
  { port: 'peers', method: 'requestRelease-item', times: 9 },
  { port: 'spool', method: 'hold', times: 2 },
  { port: 'ledger', method: 'follow-item', times: 1 },
  { port: 'peers', method: 'sendReceipt', times: 2 },
];

const BOUNDARIES = 2 * (CUSTODIAN.length + REQUESTER.length) - 1;

interface Planned {
  readonly whose: 'custodian' | 'requester';
  readonly fault: Fault;
}

function boundaries(action: Action, dice: Dice): Planned[] {
  const all = (['custodian', 'requester'] as const).flatMap((whose) =>
    (whose === 'custodian' ? CUSTODIAN : REQUESTER).flatMap(({ port, method, times }) =>
      (['before', 'after'] as const)
        // A stream has no end that is a step; its items have.
        .filter((when) => when === 'before' || method !== 'requestRelease')
        .map((when) => ({
          whose,
          fault: { port, method, when, nth: 1 + dice.next(times), action },
        })),
    ),
  );
  for (let last = all.length - 1; last > 0; last -= 1) {
    const other = dice.next(last + 1);
    const [one, two] = [all[last], all[other]];
    if (one !== undefined && two !== undefined) [all[last], all[other]] = [two, one];
  }
  return all;
}

/** Receipts are sent, and logged, after the answer. */
const AFTERWARDS_MS = 1_000;

export function steps(trial: Trial): void {
  const { dice } = trial;

  for (const action of ['kill', 'fail', 'slow'] as const) {
    describe(`a gateway that ${WHAT[action]} at a step of a release`, () => {
      // To start a gateway takes seconds.
      const rounds = action === 'kill' ? Math.max(2, trial.rounds / 2) : trial.rounds;
      const planned: Planned[] = [];
      while (planned.length < rounds) planned.push(...boundaries(action, dice));

      it(`releases nothing that is not logged, nothing that is not the record, and goes on afterwards (seed ${dice.seed})`, async () => {
        for (const { whose, fault } of planned.slice(0, rounds)) {
          const one: FaultyMember = whose === 'custodian' ? trial.custodian() : trial.requester();
          await one.plan(fault);
          const answers = await askAll(trial, {
            promise: 2,
            what: `${whose}’s gateway ${WHAT[action]} at a step`,
          });
          // One that is slow and right is only slow.
          if (action === 'slow') {
            expect(answers.map((answer) => answer?.status)).to.deep.equal(answers.map(() => 200));
          }
          await one.revive(action === 'kill' ? AFTERWARDS_MS : 0);
        }
        await expectAll(trial, { promise: 2, what: 'released again after all of them' });
      });

      if (rounds >= 2 * BOUNDARIES) {
        it('was tried at every boundary', () => {
          for (const { whose, fault } of planned) {
            const one = whose === 'custodian' ? trial.custodian() : trial.requester();
            expect(one.hit.has(nameOf(fault)), `${whose}: ${nameOf(fault)}`).to.equal(true);
          }
        });
      }
    });
  }
}

const WHAT = { kill: 'is killed', fail: 'cannot write or send', slow: 'is slow' } as const;
