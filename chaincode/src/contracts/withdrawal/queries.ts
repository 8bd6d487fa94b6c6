import { openCustody } from '../../state/custody-state.js';
import type { WithdrawalQuery } from '../../wire/index.js';
import { withdrawalCollection } from '../../wire/names.js';
import type { Call } from '../call.js';
import { hashAnswer } from '../hash-answer.js';

export async function answerWithdrawalQuery(
  call: Call,
  custodian: string,
  query: WithdrawalQuery,
): Promise<Uint8Array> {
  if (query.query === 'withdrawn-hash')
    return hashAnswer(call, withdrawalCollection(custodian), query.withdrawn);

  const { withdrawals } = await openCustody(call.stub, custodian);
  switch (query.query) {
    case 'withdrawals':
      return withdrawals.bytesAt(withdrawals.key('withdrawal', query.subject));
    case 'withdrawn':
      return withdrawals.bytesAt(withdrawals.key('withdrawn', query.consent));
  }
}
