import { RULES_VERSION } from '../../domain/rules-version.js';
import type { OpenCustody } from '../../state/index.js';
import type { CommandOf, EventDetail, RecordAnswer, RefusedRequest } from '../../wire/index.js';
import { answerRequest, consentsReader } from '../../wire/answer-request.js';
import { digestOf } from '../../wire/canonical.js';
import { instantOf } from '../../wire/instant.js';
import type { Call } from '../call.js';
import { judgeOf, type JudgedRequest } from './judge.js';

/**
 * Decides a batch of signed requests and logs every decision, in one transaction (docs/architecture.md
 * sections 2 to 4). All that a decision rests on is read by its key, so a withdrawal that is ordered first
 * makes the whole transaction invalid.
 *
 * One request after the other: the peer answers one question of a transaction at a time in any case, and
 * hundreds of questions that wait for it would only fill the heap.
 */
export async function decideRequests(
  call: Call,
  open: OpenCustody,
  { requests }: CommandOf<'decide'>,
): Promise<void> {
  const judge = await judgeOf(call, open);
  const consentsOf = consentsReader(open);
  const details: EventDetail[] = [];
  const refused: RefusedRequest[] = [];
  for (const text of requests) {
    const verdict = await judge(text);
    if (verdict.kind === 'refused') {
      refused.push({ request: verdict.request, code: verdict.code });
      continue;
    }
    const records = await answerRequest(open, verdict.request, call.at, consentsOf);
    const detail = detailOf(open, verdict, records);
    details.push(detail);
    await writeEvent(call, open, verdict, records, digestOf(detail));
  }
  await open.values.putUnread('details', [call.stub.getTxID()], { details, refused });
}

function detailOf(
  open: OpenCustody,
  { text, eventKey }: JudgedRequest,
  records: readonly RecordAnswer[],
): EventDetail {
  return {
    salt: open.values.saltFor(`detail/${eventKey}`),
    event: eventKey,
    request: text,
    records: records.map(({ logged }) => logged),
  };
}

function writeEvent(
  { at }: Call,
  { custody, values }: OpenCustody,
  { request }: JudgedRequest,
  records: readonly RecordAnswer[],
  details: string,
): Promise<void> {
  const { iss, jti, enc } = request.claims;
  return values.put('event', [iss, jti], {
    custodian: custody.custodian,
    requester: iss,
    jti,
    request: request.digest,
    at: instantOf(at),
    enc,
    details,
    records: records.map(({ outward }) => outward),
    rules: RULES_VERSION,
  });
}
