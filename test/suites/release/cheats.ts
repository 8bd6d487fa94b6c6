import { expect } from 'chai';
import { claimsOf, framesOf, sendRequest, signedBy } from '../../http/support/requests.js';
import { tried, type Attack } from '../../support/fault/verdicts.js';
import type { Cheat } from '../../support/release-faults/plan.js';
import { askAll, expectNothing, type Trial } from './trial.js';

const CHEATING: Attack = { promise: 2, what: 'a custodian that cheats, in eleven ways' };
const AGAIN: Attack = { promise: 6, what: 'a request sent four times at once, and again' };

const CHEATS: readonly Cheat[] = [
  'flipped-byte',
  'cut-short',
  'other-record',
  'other-digest',
  'keys-swapped',
  'made-up-event',
  'changed-event',
  'event-of-another-request',
  'other-block',
  'no-key',
  'never-settled',
];

export function cheats(trial: Trial): void {
  describe("another member's gateway that cheats", () => {
    it('cannot have anything opened: no key without its event, no other ciphertext, no other request', async () => {
      for (let round = 0; round < Math.max(trial.rounds, CHEATS.length); round += 1) {
        const cheat = CHEATS[round % CHEATS.length];
        await trial.requester().cheat(cheat);
        const answers = await askAll(trial, CHEATING, trial.held().slice(0, 2));
        expectNothing(answers, CHEATING, cheat);
        // No key is no release, and is told like any refusal; everything else is found out.
        for (const answer of answers) {
          expect(answer?.json['code'], cheat).to.be.oneOf(
            cheat === 'no-key' ? ['access-denied'] : ['release-broken', 'event-pending'],
          );
        }
      }
      await trial.requester().cheat('settled-twice');
      await askAll(trial, { promise: 6, what: 'a custodian that sends the end twice' });
      await trial.requester().cheat(undefined);
    });

    it("gets one answer at most to a request, its own or another's, however often and by whom it is sent", async () => {
      const [held] = trial.held();
      let answered = 0;
      for (let round = 0; round < trial.rounds; round += 1) {
        const { member: custodian } = trial.custodian();
        const claims = claimsOf(trial.requester().member, custodian, [held?.record ?? '']);
        const request = await signedBy(trial.requester().member, claims);
        const answers = await Promise.all(Array.from({ length: 4 }, () => sendRequest(custodian, request)));
        const settled = await Promise.all(
          answers
            .filter(({ status }) => status === 200)
            .map(async (answer) => (await framesOf(answer)).control),
        );
        const withKeys = settled.flat().filter((frame) => frame.frame === 'settled' && frame.keys.length > 0);
        tried(AGAIN, answers.length + 1, Math.max(0, withKeys.length - 1));
        expect(withKeys.length, 'answers with keys').to.be.at.most(1);
        answered += withKeys.length;
        const again = await sendRequest(custodian, request);
        expect(again.json['code']).to.be.oneOf(['request-replayed', 'outcome-unknown']);
      }
      expect(answered).to.be.greaterThan(0);
    });
  });
}
