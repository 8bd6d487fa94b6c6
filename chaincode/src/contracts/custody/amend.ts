import type { OpenCustody } from '../../state/index.js';
import type { Amendment, CommandOf } from '../../wire/index.js';
import { digestOf } from '../../wire/canonical.js';
import { instantOf, millisecondsOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import { AMENDMENT_DAYS, AMENDMENT_EXTENSION_DAYS } from '../../wire/values/amendments.js';
import type { Call } from '../call.js';
import { requireSubject } from './register-subject.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** Takes a request to amend a record in; from now on it is to be answered within 60 days (45 CFR 164.526(b)(2)). */
export async function requestAmendment(
  { at }: Call,
  open: OpenCustody,
  command: CommandOf<'request-amendment'>,
): Promise<void> {
  const { amendment, subject, record, version, requestedBy, finding, request, takenBy } = command;
  const { values } = open;
  const existing = await values.get('amendment', amendment);
  await requireSubject(open, subject);
  const descriptor = await values.get('descriptor', record);
  if (descriptor?.subjects.includes(subject) !== true || version > descriptor.version)
    throw new Refusal('amendment-record-unknown');
  if (existing !== undefined) throw new Refusal('amendment-out-of-turn');
  values.put('amendment', [amendment], {
    amendment,
    subject,
    record,
    version,
    requestedBy,
    ...(finding !== undefined && { finding }),
    request,
    takenBy,
    requestedAt: instantOf(at),
    dueAt: instantOf(at + AMENDMENT_DAYS * DAY_MS),
  });
}

/** Once, for 30 days, with the reasons, and before the first deadline is over (45 CFR 164.526(b)(2)(ii)). */
export async function extendAmendment(
  { at }: Call,
  open: OpenCustody,
  { amendment, reason }: CommandOf<'extend-amendment'>,
): Promise<void> {
  const held = await heldAmendment(open, amendment);
  const isLate = instantOf(at) > held.dueAt;
  if (held.answer !== undefined || held.extension !== undefined || isLate)
    throw new Refusal('amendment-out-of-turn');
  const dueAt = instantOf(
    millisecondsOf(held.requestedAt) + (AMENDMENT_DAYS + AMENDMENT_EXTENSION_DAYS) * DAY_MS,
  );
  write(open, { ...held, dueAt, extension: { reason, at: instantOf(at) } });
}

/**
 * Accepts, naming the version that holds the amendment, which must be there, later than the one that was found wrong; or denies on one of the
 * four grounds of 45 CFR 164.526(a)(2). The first answer stands; the same one again changes nothing.
 */
export async function answerAmendment(
  { at }: Call,
  open: OpenCustody,
  { amendment, answer, answeredBy }: CommandOf<'answer-amendment'>,
): Promise<void> {
  const held = await heldAmendment(open, amendment);
  const { values } = open;
  if (held.answer !== undefined) {
    const again = { ...answer, at: held.answer.at, answeredBy };
    if (digestOf(held.answer) === digestOf(again)) return;
    throw new Refusal('amendment-out-of-turn');
  }
  if (answer.outcome === 'accepted') {
    const descriptor = await values.get('descriptor', held.record);
    const newest = descriptor?.version ?? 0;
    if (answer.version <= held.version || answer.version > newest) throw new Refusal('amendment-not-made');
  }
  write(open, { ...held, answer: { ...answer, at: instantOf(at), answeredBy } });
}

/** What is said after a denial: disagreement, rebuttal, or that both go with what is disclosed; each once. */
export async function disputeAmendment(
  { at }: Call,
  open: OpenCustody,
  { amendment, statement: said }: CommandOf<'dispute-amendment'>,
): Promise<void> {
  const held = await heldAmendment(open, amendment);
  const isRebutted = said.kind !== 'rebuttal' || held.disagreement !== undefined;
  if (held.answer?.outcome !== 'denied' || held[said.kind] !== undefined || !isRebutted)
    throw new Refusal('amendment-out-of-turn');
  const made = instantOf(at);
  if (said.kind === 'inclusion') write(open, { ...held, inclusion: { at: made } });
  else write(open, { ...held, [said.kind]: { statement: said.statement, at: made } });
}

/**
 * Logs that whoever had the record before has been told (45 CFR 164.526(c)(3)): by the accesses that let an earlier version out. What was
 * logged before stays.
 */
export async function tellAmendment(
  { at, caller }: Call,
  open: OpenCustody,
  { amendment, events }: CommandOf<'tell-amendment'>,
): Promise<void> {
  const { subject, record, answer } = await heldAmendment(open, amendment);
  const { values } = open;
  if (answer?.outcome !== 'accepted') throw new Refusal('amendment-out-of-turn');
  await values.readAhead(events.flatMap((event) => [event, values.key('amendmenttold', amendment, event)]));
  for (const event of events) {
    const logged = await values.getAt('event', event);
    const hadIt = logged?.records.some(
      (one) => one.record === record && one.version !== undefined && one.version < answer.version,
    );
    if (hadIt !== true) throw new Refusal('event-unknown');
    if ((await values.get('amendmenttold', amendment, event)) !== undefined) continue;
    const told = { amendment, subject, event, at: instantOf(at), by: caller.mspId };
    values.put('amendmenttold', [amendment, event], told);
  }
}

async function heldAmendment({ values }: OpenCustody, amendment: string): Promise<Amendment> {
  const held = await values.get('amendment', amendment);
  if (held === undefined) throw new Refusal('amendment-unknown');
  return held;
}

function write({ values }: OpenCustody, value: Amendment): void {
  values.put('amendment', [value.amendment], value);
}
