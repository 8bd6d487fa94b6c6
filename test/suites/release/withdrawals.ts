import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import { withdraw } from '../../http/support/people.js';
import type { Attack } from '../../support/fault/verdicts.js';
import type { Fault } from '../../support/release-faults/plan.js';
import { askAll, expectNothing, grant, type Trial } from './trial.js';

/** Every step of a custodian's after which it waits for something; the last one is the look at the own peer's height. */
const HELD: readonly Pick<Fault, 'port' | 'method' | 'when'>[] = [
  { port: 'records', method: 'open', when: 'before' },
  { port: 'records', method: 'open', when: 'after' },
  { port: 'ledger', method: 'prepare', when: 'before' },
  { port: 'ledger', method: 'prepare', when: 'after' },
  { port: 'ledger', method: 'submit', when: 'before' },
  { port: 'ledger', method: 'submit', when: 'after' },
  { port: 'ledger', method: 'follow-item', when: 'before' },
  { port: 'ledger', method: 'height', when: 'before' },
];

const WITHDRAWN: Attack = { promise: 4, what: 'withdrawn while the custodian’s gateway is held at a step' };
const REACHED_MS = 60_000;

export function withdrawals(trial: Trial): void {
  describe('a withdrawal that commits while a release is under way', () => {
    it(`lets no key leave afterwards, whichever step it meets (seed ${trial.dice.seed})`, async () => {
      const [one] = trial.held();
      if (one === undefined) throw new Error('nothing is held');
      const oversight = trial.consortium().member('sentinel');
      for (let round = 0; round < trial.rounds; round += 1) {
        const where = HELD[(trial.dice.seed + round) % HELD.length];
        if (where === undefined) continue;
        await trial.custodian().idle();
        await trial.custodian().plan({ ...where, nth: 1, action: 'hold' });
        const reached = trial.custodian().reached(REACHED_MS);
        const asked = askAll(trial, WITHDRAWN, [one]);
        expect(await reached, `${where.when} ${where.port}.${where.method}`).to.equal(true);
        const gone = await withdraw(oversight, one.consent, trial.custodian().member);
        expect(gone.status, JSON.stringify(gone.json)).to.equal(200);
        // On Fabric the custodian's peer may have the block a little later than oversight's.
        if (trial.consortium().ledger.fabric !== undefined) await sleep(1_000);
        await trial.custodian().plan();
        await trial.custodian().goOn();
        expectNothing(await asked, WITHDRAWN, `withdrawn ${where.when} ${where.port}.${where.method}`);
        one.consent = await grant(trial, one.subject);
      }
    });
  });
}
