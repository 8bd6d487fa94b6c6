import { status } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { parseRefusal } from '@consent-ledger/chaincode/wire';
import { Refusal } from '../../usecases/refusal.js';

/** What endorsers say when they executed at different heights: each is right, and together they are no endorsement. */
const ENDORSERS_DIFFER = 'ProposalResponsePayloads do not match';

/** The Refusal that an error of a gateway call amounts to: chaincode's own code, or what to do about the ledger. */
export function refusalOfLedger(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  const texts = textsOf(error);
  for (const text of texts) {
    const refused = parseRefusal(text);
    if (refused !== undefined) {
      const errors = refused.paths.map((path) => ({ path, message: 'is refused' }));
      return new Refusal(refused.code, { errors, cause: error });
    }
  }
  if (texts.some((text) => text.includes(ENDORSERS_DIFFER)))
    return new Refusal('ledger-conflict', { cause: error });
  return new Refusal('ledger-unavailable', { cause: error });
}

/** Whether another endorser might answer where this one did not: never where chaincode itself refused. */
export function anotherMayAnswer(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  const retryable: readonly number[] = [
    status.UNAVAILABLE,
    status.ABORTED,
    status.DEADLINE_EXCEEDED,
    status.FAILED_PRECONDITION,
  ];
  return retryable.includes(error.code) && refusalOfLedger(error).code === 'ledger-unavailable';
}

function textsOf(error: unknown): string[] {
  if (error instanceof GatewayError) return [...error.details.map((detail) => detail.message), error.message];
  return error instanceof Error ? [error.message] : [];
}

/** Whether the call took longer than it was given. */
export function isLate(error: unknown): boolean {
  const deadlineExceeded: number = status.DEADLINE_EXCEEDED;
  return error instanceof GatewayError && error.code === deadlineExceeded;
}
