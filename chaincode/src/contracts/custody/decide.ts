import { RULES_VERSION } from '../../domain/index.js';
import type { OpenCustody } from '../../state/index.js';
import {
  all,
  answerRequest,
  consentsReader,
  type RecordAnswer,
  digestOf,
  instantOf,
  type CommandOf,
  type EventDetail,
  type RefusedRequest,
} from '../../wire/index.js';
import type { Call } from '../call.js';
import { isJudged, isRefused, judgeRequests, type Judged, type Verdict } from './judge.js';

/**
 * Decides a batch of signed requests and logs every decision, in one transaction (docs/architecture.md
 * sections 2 to 4). All that a decision rests on is read by its key, so a withdrawal that is ordered first
 * makes the whole transaction invalid.
 */
export async function decideRequests(
  call: Call,
  open: OpenCustody,
  { requests }: CommandOf<'decide'>,
): Promise<void> {
  const verdicts = refuseReplays(await judgeRequests(call, open, requests));
  const judged = verdicts.filter(isJudged);
  const refused = verdicts.filter(isRefused);

  const consentsOf = consentsReader(open);
  const answers = await all(judged.map(({ request }) => answerRequest(open, request, call.at, consentsOf)));
  const details: EventDetail[] = [];
  const writes: Promise<void>[] = [];
  for (const [index, one] of judged.entries()) {
    const records = answers[index] ?? [];
    const detail = detailOf(open, one, records);
    details.push(detail);
    writes.push(writeEvent(call, open, one, records, digestOf(detail)));
  }
  writes.push(open.values.putUnread('details', [call.stub.getTxID()], { details, refused }));
  await all(writes);
}

/**
 * The same request, whether on the ledger or earlier in this batch, makes one event; the others stay what
 * they are.
 */
function refuseReplays(verdicts: readonly Verdict[]): Verdict[] {
  const seen = new Set<string>();
  return verdicts.map((verdict) => {
    if (isRefused(verdict)) return verdict;
    const isReplay = verdict.logged || seen.has(verdict.eventKey);
    seen.add(verdict.eventKey);
    return isReplay ? replayOf(verdict) : verdict;
  });
}

function replayOf({ request }: Judged): RefusedRequest {
  return { request: request.digest, code: 'request-replayed' };
}

function detailOf(
  open: OpenCustody,
  { text, eventKey }: Judged,
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
  { request }: Judged,
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
