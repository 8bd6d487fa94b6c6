import type { OpenCustody } from '../../state/index.js';
import type { WithdrawalQuery } from '../../wire/index.js';

export function answerWithdrawalQuery(
  { withdrawals }: OpenCustody,
  query: WithdrawalQuery,
): Promise<Uint8Array> {
  return withdrawals.bytesAt(withdrawals.key('withdrawal', query.subject));
}
