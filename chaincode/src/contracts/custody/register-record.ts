import { validateQuestion } from '../../domain/validate-question.js';
import type { OpenCustody } from '../../state/index.js';
import type { CommandOf, Descriptor, DescriptorFacts, Labelling } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { instantOf } from '../../wire/instant.js';
import type { Call } from '../call.js';
import { requireSubject } from './register-subject.js';

/**
 * Writes what is true of a record before anybody asks for it: whose it is, what it is labelled with, and how
 * its bytes are known again. A new text or label is the next version, with a reason from the second on.
 */
export async function registerRecord(
  { at }: Call,
  open: OpenCustody,
  command: Omit<CommandOf<'register-record'>, 'v' | 'salt' | 'command'>,
): Promise<void> {
  const { record, version, subjects, digest, ciphertext, mediaType, facts, labelling, reason } = command;
  if (version > 1 && reason === undefined) throw new Refusal('command-malformed', ['$.reason']);
  guardFacts(facts);
  guardLabels(facts, labelling);
  const { values } = open;
  const [own, erased] = [values.key('descriptor', record), values.key('erasure', 'record', record)];
  await values.readAhead([own, erased, ...subjects.map((subject) => values.key('subject', subject))]);
  const existing = await values.get('descriptor', record);
  if ((await values.bytesAt(erased)).length > 0) throw new Refusal('record-erased');
  if (version !== (existing?.version ?? 0) + 1) throw new Refusal('record-version-conflict');
  if (existing !== undefined && !sameSubjects(existing, subjects)) throw new Refusal('record-subjects-fixed');
  for (const subject of subjects) await requireSubject(open, subject);

  values.put('descriptor', [record], {
    record,
    version,
    subjects,
    status: 'active',
    digest,
    ciphertext,
    mediaType,
    facts,
    ...(labelling !== undefined && { labelling }),
    registeredAt: instantOf(at),
    ...(reason !== undefined && { reason }),
  });
}

/** The same of several records, each of which the command names once. */
export async function registerRecords(
  call: Call,
  open: OpenCustody,
  { records }: CommandOf<'register-records'>,
): Promise<void> {
  for (const record of records) await registerRecord(call, open, record);
}

function sameSubjects(existing: Descriptor, subjects: readonly string[]): boolean {
  return (
    existing.subjects.length === subjects.length && subjects.every((one) => existing.subjects.includes(one))
  );
}

/** The labels are the ones that their explanation is about: nothing that a record says of itself, or that a rule found, is left out. */
function guardLabels(facts: DescriptorFacts, labelling: Labelling | undefined): void {
  if (labelling === undefined) return;
  const { own = [], stated = [], found, decided } = labelling;
  const labels = new Set(facts.labels);
  const said = decided ?? stated;
  const explained = [...own, ...said, ...found.flatMap((one) => one.labels)];
  const isExact = decided === undefined || labels.size === decided.length;
  if (isExact && explained.every((one) => labels.has(one))) return;
  throw new Refusal('record-facts-refused', ['$.labelling']);
}

/** Facts become part of every question about the record, so they must make a valid one. */
function guardFacts(facts: DescriptorFacts): void {
  const probe = {
    at: '2000-01-01T00:00:00Z',
    requester: { member: 'Organization/probe' },
    purpose: ['TREAT'],
  };
  const checked = validateQuestion({ ...probe, record: facts });
  if (checked.ok) return;
  throw new Refusal(
    'record-facts-refused',
    checked.problems.map(({ path }) => `$.${path.replace(/^record/, 'facts')}`),
  );
}
