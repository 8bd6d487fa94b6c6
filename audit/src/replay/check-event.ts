import {
  consentsReader,
  digestOf,
  instantOf,
  verifyRequestObject,
  withFound,
  type AccessEvent,
  type AuthenticRequest,
  type DecisionState,
  type EventDetail,
  type RecordAnswer,
  type RequestExpectations,
} from '@consent-ledger/chaincode/wire';
import type { DeliveredTransaction } from '../history/delivered-block.js';
import { MissingValue, type CustodyWorld, type World } from '../history/world.js';
import { checkJournalled } from './check-journal.js';
import { isSameJson } from './same-json.js';
import type { Finding, FindingRule } from './finding.js';
import { explainGap } from './gaps.js';
import type { Rules } from './rules.js';
import { rulesOf } from './rules.js';

/** One logged event with the state in which its transaction found the ledger. */
export interface LoggedEvent {
  readonly block: number;
  readonly transaction: DeliveredTransaction;
  readonly key: string;
  readonly event: AccessEvent;
  /** Absent where the transaction logged none for that key. */
  readonly detail: EventDetail | undefined;
  /** SHA-256 of the detail as it was written, base64url; worked out of the detail where it is not there. */
  readonly detailDigest?: string;
  readonly custody: CustodyWorld;
  readonly world: World;
}

export interface CheckedEvent {
  readonly findings: readonly Finding[];
  /** What was asked, where it is authentic. */
  readonly request?: AuthenticRequest;
  /** Why it could not be decided again. */
  readonly missing?: MissingValue;
}

/** Judges one event: its parts, its request's signature, and its decision under the rules of its day. */
export async function checkEvent(
  logged: LoggedEvent,
  isSigned?: RequestExpectations['isSigned'],
): Promise<CheckedEvent> {
  const { event, detail, world } = logged;
  const inconsistent = (why: string): CheckedEvent => ({
    findings: [finding(logged, 'event-inconsistent', why)],
  });
  if (detail === undefined) return inconsistent('its transaction logged no detail for it');
  const why = inconsistencyOf(logged, detail);
  if (why !== undefined) return inconsistent(why);
  if (event.journal !== undefined) {
    const { explanation, request } = checkJournalled({ ...logged, detail }, isSigned);
    if (explanation === undefined) return { findings: [], ...(request !== undefined && { request }) };
    return { findings: [finding(logged, 'journal-not-authentic', explanation)] };
  }
  const verified = verifyRequestObject(detail.request, {
    ledgerId: world.ledger?.id ?? '',
    custodian: event.custodian,
    members: (mspId) => world.member(mspId),
    purposeSystems: logged.custody.custody.policy.purposeSystems,
    at: logged.transaction.at,
    ...(isSigned !== undefined && { isSigned }),
  });
  if (verified.digest !== event.request)
    return inconsistent('its request is not the one whose digest it holds');
  if (verified.kind === 'refused') {
    return {
      findings: [finding(logged, 'request-not-authentic', `its request is refused as ${verified.code}`)],
    };
  }
  // A search is decided on the records that it found.
  const request = withFound(
    verified,
    detail.records.map(({ record }) => record),
  );
  if (
    request.claims.iss !== event.requester ||
    request.claims.jti !== event.jti ||
    request.claims.enc !== event.enc
  ) {
    const why = 'it names another requester, request or key than the request that it holds';
    return { findings: [finding(logged, 'event-inconsistent', why)], request };
  }
  const rules = rulesOf(event.rules);
  if (rules === undefined) {
    const why = `it was decided under rules ${event.rules}, which this version does not have`;
    return { findings: [finding(logged, 'rules-unknown', why)], request };
  }
  try {
    const answers = await decideAgain(logged, request, rules);
    return {
      findings: [...differences(logged, detail, answers), ...(await missingConsents(logged, detail))],
      request,
    };
  } catch (error) {
    if (!(error instanceof MissingValue)) throw error;
    if (error.why === 'purged') {
      const why = `the subject's withdrawals were purged at block ${error.block}, and the subject is not erased`;
      return { findings: [finding(logged, 'withdrawal-undone', why)], request };
    }
    const why = explainGap('it', error);
    return { findings: [finding(logged, 'not-re-decidable', why)], request, missing: error };
  }
}

/**
 * What the request would be answered in the state that its transaction found.
 * @throws MissingValue
 */
export function decideAgain(
  { custody, transaction }: Pick<LoggedEvent, 'custody' | 'transaction'>,
  request: AuthenticRequest,
  rules: Rules,
  state: DecisionState = custody,
): Promise<RecordAnswer[]> {
  return rules(state, request, transaction.at, consentsReader(state));
}

function inconsistencyOf(
  { key, event, detailDigest, custody, transaction }: LoggedEvent,
  detail: EventDetail,
): string | undefined {
  if (detailDigest !== event.details && digestOf(detail) !== event.details)
    return 'its detail is not the one whose digest it holds';
  if (custody.key('event', event.requester, event.jti) !== key)
    return 'it lies under the key of another request';
  if (event.custodian !== custody.custody.custodian) return 'it names another custodian';
  if (event.at !== instantOf(transaction.at)) return 'its time is not that of its transaction';
  return undefined;
}

function differences(logged: LoggedEvent, detail: EventDetail, answers: readonly RecordAnswer[]): Finding[] {
  const { event } = logged;
  if (event.records.length !== answers.length || detail.records.length !== answers.length) {
    return [finding(logged, 'decision-differs', 'it answers for other records than were asked for')];
  }
  return answers.flatMap((answer, place) => {
    const outward = event.records[place];
    const inward = detail.records[place];
    if (outward === undefined || inward === undefined) return [];
    if (isSameJson(answer.outward, outward) && isSameJson(answer.logged, inward)) return [];
    const why = `logged ${outward.outcome} (${inward.reason}); decided again ${answer.outward.outcome} (${answer.logged.reason})`;
    return [finding(logged, 'decision-differs', why, answer.outward.record)];
  });
}

/** A consent that is cited must have been on file, in that version, for one of the record's subjects. */
async function missingConsents(logged: LoggedEvent, detail: EventDetail): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const { record, basis, subjects } of detail.records) {
    if (basis.length === 0) continue;
    const onFile: { readonly consent: string; readonly version: number }[] = [];
    for (const subject of subjects) {
      const policies = await logged.custody.values.get('policies', subject);
      onFile.push(...(policies?.consents ?? []));
    }
    for (const { consent, version } of basis) {
      if (onFile.some((one) => one.consent === consent && one.version === version)) continue;
      found.push(finding(logged, 'consent-missing', `it cites a consent that was not on file`, record));
    }
  }
  return found;
}

export function finding(
  { block, transaction, key, custody }: Pick<LoggedEvent, 'block' | 'transaction' | 'key' | 'custody'>,
  rule: FindingRule,
  explanation: string,
  record?: string,
): Finding {
  return {
    rule,
    block,
    transaction: transaction.id,
    index: transaction.index,
    custodian: custody.custody.custodian,
    event: key,
    ...(record !== undefined && { record }),
    explanation,
  };
}
