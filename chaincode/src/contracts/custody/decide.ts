import { RULES_VERSION } from '../../domain/rules-version.js';
import type { OpenCustody } from '../../state/index.js';
import { StudyReader } from '../../state/study-state.js';
import type { CommandOf, EventDetail, RecordAnswer, RefusedRequest } from '../../wire/index.js';
import { answerRequest, consentsReader } from '../../wire/answer-request.js';
import { digestOf } from '../../wire/canonical.js';
import { instantOf } from '../../wire/instant.js';
import type { Call } from '../call.js';
import { judge, type JudgedRequest, type Verdict } from './judge.js';

/**
 * Decides a batch of signed requests and logs every decision, in one transaction (docs/architecture.md
 * sections 2 to 4). All that a decision rests on is read by its key, so a withdrawal that is ordered first
 * makes the whole transaction invalid.
 *
 * What the requests need is read ahead for all of them together: first their events and descriptors, then what
 * the subjects of those descriptors consented to and withdrew.
 */
export async function decideRequests(
  call: Call,
  open: OpenCustody,
  command: CommandOf<'decide'>,
): Promise<void> {
  const verdicts = await judge(call, open, command);
  await readConsentsAhead(open, verdicts);
  const consentsOf = consentsReader(open);
  const studies = new StudyReader(call.stub, call.publicState, open.custody.custodian);
  const state = {
    ...open,
    studies,
    agreements: {
      get: (one: string, other: string) => call.publicState.agreement(one, other),
    },
    legalBases: { get: (basis: string) => call.publicState.legalBasis(basis) },
  };
  const details: EventDetail[] = [];
  const refused: RefusedRequest[] = [];
  for (const verdict of verdicts) {
    if (verdict.kind === 'refused') {
      refused.push({ request: verdict.request, code: verdict.code });
      continue;
    }
    const records = await answerRequest(state, verdict.request, call.at, consentsOf);
    const detail = detailOf(open, verdict, records);
    details.push(detail);
    writeEvent(call, open, verdict, records, digestOf(detail));
  }
  open.values.putUnread('details', [call.stub.getTxID()], { details, refused });
}

/**
 * For a record that is not held here what a subject of its name has consented to and withdrawn is read all the same: nothing
 * is there, but as much is read, in as many round trips, as for one that is denied. Otherwise the time that an answer takes,
 * and the number of reads in the block, would tell the two apart.
 */
async function readConsentsAhead(
  { values, withdrawals }: OpenCustody,
  verdicts: readonly Verdict[],
): Promise<void> {
  const subjects = new Set<string>();
  const enrolments = new Set<string>();
  for (const verdict of verdicts) {
    if (verdict.kind === 'refused' || verdict.request.standing !== 'current') continue;
    for (const record of verdict.request.claims.records) {
      const descriptor = await values.get('descriptor', record);
      for (const subject of descriptor?.subjects ?? [record]) {
        subjects.add(subject);
        const { study } = verdict.request.claims;
        if (study !== undefined) enrolments.add(values.key('enrolment', study, subject));
      }
    }
  }
  const policies = [...subjects].map((subject) => values.key('policies', subject));
  await values.readAhead([...policies, ...enrolments]);
  await withdrawals.readAhead([...subjects].map((subject) => withdrawals.key('withdrawal', subject)));
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
): void {
  const { iss, jti, enc } = request.claims;
  values.put('event', [iss, jti], {
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
