import type { OpenCustody } from '../../state/index.js';
import type { WithdrawalQuery } from '../../wire/index.js';

export function answerWithdrawalQuery(
  { withdrawals }: OpenCustody,
  query: WithdrawalQuery,
): Promise<Uint8Array> {
  switch (query.query) {
    case 'withdrawals':
      return withdrawals.bytesAt(withdrawals.key('withdrawal', query.subject));
    case 'withdrawn':
      return withdrawals.bytesAt(withdrawals.key('withdrawn', query.consent));
  }
}
