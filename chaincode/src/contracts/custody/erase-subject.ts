import { bytesOf } from '../../state/custody-state.js';
import type { OpenCustody, PrivateCollection } from '../../state/index.js';
import type { CommandOf, PrivateKind, PrivateValue } from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { personInSlip } from '../../wire/keys.js';
import { Refusal } from '../../wire/refusal.js';
import { ERASABLE_KINDS } from '../../wire/values/erasures.js';
import type { Call } from '../call.js';

/**
 * Erases a subject (docs/architecture.md section 11): in one transaction the tombstone with its ground, and the purge of all
 * that the caller found of the subject. What is not the subject's refuses the whole; what is purged already is passed over, so that
 * an erasure can be gone on with at any time. Everything is read before, so that nothing that is written meanwhile escapes unseen.
 */
export async function eraseSubject(
  call: Call,
  open: OpenCustody,
  command: CommandOf<'erase-subject'>,
): Promise<void> {
  const { subject } = command;
  const { values, withdrawals } = open;
  const own = ['subject', 'policies', 'basisproposals'].map((kind) =>
    values.key(kind as PrivateKind, subject),
  );
  await values.readAhead([values.key('erasure', 'subject', subject), ...own, ...command.values]);
  await withdrawals.readAhead(command.withdrawals);
  await writeTombstone(call, open, command);
  for (const key of new Set([...own, ...command.values]))
    await purgeOwned(call, open, { collection: values, key, subject, path: '$.values' });
  for (const key of command.withdrawals)
    await purgeOwned(call, open, { collection: withdrawals, key, subject, path: '$.withdrawals' });
}

async function writeTombstone(
  { at, caller }: Call,
  { values }: OpenCustody,
  { subject, ground, reference }: CommandOf<'erase-subject'>,
): Promise<void> {
  if ((await values.get('erasure', 'subject', subject)) !== undefined) return;
  if ((await values.get('subject', subject)) === undefined) throw new Refusal('subject-unknown');
  const by = caller.mspId;
  const tombstone = { of: 'subject', subject, ground, reference, at: instantOf(at), by } as const;
  values.put('erasure', ['subject', subject], tombstone);
}

interface Purge {
  readonly collection: PrivateCollection;
  readonly key: string;
  readonly subject: string;
  /** Where the command names it. */
  readonly path: string;
}

async function purgeOwned(
  call: Call,
  { custody, values }: OpenCustody,
  { collection, key, subject, path }: Purge,
): Promise<void> {
  const refuse = (): never => {
    throw new Refusal('command-malformed', [path]);
  };
  const kind = ERASABLE_KINDS.find((one) => key.startsWith(`${one}/`)) ?? refuse();
  if ((await collection.bytesAt(key)).length === 0) return;
  const read = async <Kind extends PrivateKind>(of: Kind): Promise<PrivateValue<Kind>> =>
    (await collection.getAt(of, key)) ?? refuse();

  if (kind === 'descriptor') {
    const { record, subjects } = await read(kind);
    if (!subjects.includes(subject)) refuse();
    await values.get('erasure', 'record', record);
    values.put('erasure', ['record', record], { of: 'record', record, at: instantOf(call.at) });
  } else if (kind === 'slip') {
    const slip = await read(kind);
    if (slip.person !== personInSlip(bytesOf(custody.pepper), subject, slip)) refuse();
  } else if (kind === 'key') {
    const { subject: owner, key: kid } = await read(kind);
    if (owner !== subject) refuse();
    const count = values.key('keycount', subject, kid);
    if ((await values.bytesAt(count)).length > 0) values.purge(count);
  } else if ((await read(kind)).subject !== subject) refuse();
  collection.purge(key);
}
