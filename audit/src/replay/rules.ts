import { answerRequest } from '@consent-ledger/chaincode/wire';
import { RULES_VERSION } from '@consent-ledger/chaincode/domain';

/** Decides a request as the endorsers of some day did. */
export type Rules = typeof answerRequest;

/** Every version of the rules that ever decided: a decision is judged by the rules of its day. */
const versions: ReadonlyMap<string, Rules> = new Map([[RULES_VERSION, answerRequest]]);

export function rulesOf(version: string): Rules | undefined {
  return versions.get(version);
}
