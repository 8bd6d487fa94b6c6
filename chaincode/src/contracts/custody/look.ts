import type { OpenCustody } from '../../state/index.js';
import { answerRequest, consentsReader, type LookAnswer } from '../../wire/index.js';
import type { Call } from '../call.js';
import { isRefused, judgeRequests } from './judge.js';

/** What a decision of these requests would be now. Writes nothing. */
export async function look(call: Call, open: OpenCustody, requests: readonly string[]): Promise<LookAnswer> {
  const consentsOf = consentsReader(open);
  const results = (await judgeRequests(call, open, requests)).map(async (verdict) => {
    if (isRefused(verdict)) return verdict;
    const { request, eventKey, logged } = verdict;
    const answers = await answerRequest(open, request, call.at, consentsOf);
    return {
      request: request.digest,
      requester: request.claims.iss,
      jti: request.claims.jti,
      event: eventKey,
      logged,
      records: answers.map(({ outward }) => outward),
    };
  });
  return { v: 1, results: await Promise.all(results) };
}
