import type { CommandOf } from '../../wire/index.js';
import { instantOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';

/**
 * Keeps digests of entries of the caller's own emergency journal, where every member sees that they are there: each after the one
 * before it and for ever, so that none is left out later. What is there already stays, and is no error.
 *
 * @throws Refusal `member-unknown`, `journal-not-next`
 */
export async function commitJournal(
  { at, caller: { mspId }, publicState }: Call,
  { chain, from, entries }: CommandOf<'commit-journal'>,
): Promise<void> {
  if ((await publicState.member(mspId)) === undefined) throw new Refusal('member-unknown');
  if (from > 0 && (await publicState.journalCommitment(mspId, chain, from - 1)) === undefined)
    throw new Refusal('journal-not-next');
  for (const [place, { entry, due }] of entries.entries()) {
    const seq = from + place;
    const existing = await publicState.journalCommitment(mspId, chain, seq);
    if (existing?.entry === entry) continue;
    if (existing !== undefined) throw new Refusal('journal-not-next');
    publicState.putJournalCommitment({ v: 1, mspId, chain, seq, entry, due, at: instantOf(at) });
  }
}
