import type { CommandOf } from '../../wire/index.js';
import { instantOf, millisecondsOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import { MAX_JOURNAL_MINUTES } from '../../wire/values/custody.js';
import { MAX_JOURNALS } from '../../wire/values/journal.js';
import type { Call } from '../call.js';

/** How far two gateways' clocks may be apart when they sign, as in `wire/journal.ts`. */
const CLOCKS_APART_MS = 330_000;
const LONGEST_MS = MAX_JOURNAL_MINUTES * 60_000 + CLOCKS_APART_MS;

/**
 * Keeps digests of entries of the caller's own emergency journal, where every member sees that they are there: each after the one
 * before it and for ever, so that none is left out later. What is there already stays, and is no error. One that is due later than any policy says
 * would hide for as long that it has no event. One whose time has passed is taken: the ledger may have been out of reach for longer, and what
 * comes late accuses nobody but its signer.
 *
 * @throws Refusal `member-unknown`, `journal-not-next`, `journal-due-too-late`, `journals-too-many`
 */
export async function commitJournal(
  call: Call,
  { chain, from, entries }: CommandOf<'commit-journal'>,
): Promise<void> {
  const { at, caller, publicState } = call;
  const { mspId } = caller;
  if ((await publicState.member(mspId)) === undefined) throw new Refusal('member-unknown');
  const before = await publicState.journalCommitment(mspId, chain, Math.max(0, from - 1));
  if (before === undefined) {
    if (from > 0) throw new Refusal('journal-not-next');
    await begin(call, chain);
  }
  for (const [place, { entry, due }] of entries.entries()) {
    const seq = from + place;
    const existing = await publicState.journalCommitment(mspId, chain, seq);
    if (existing?.entry === entry) continue;
    if (existing !== undefined) throw new Refusal('journal-not-next');
    if (millisecondsOf(due) > at + LONGEST_MS) throw new Refusal('journal-due-too-late');
    publicState.putJournalCommitment({ v: 1, mspId, chain, seq, entry, due, at: instantOf(at) });
  }
}

/** Everybody keeps every journal for ever: a member does not begin one after the other. */
async function begin({ caller: { mspId }, publicState }: Call, chain: string): Promise<void> {
  const begun = (await publicState.journalChains(mspId))?.chains ?? [];
  if (begun.includes(chain)) return;
  if (begun.length >= MAX_JOURNALS) throw new Refusal('journals-too-many');
  publicState.putJournalChains({ v: 1, mspId, chains: [...begun, chain] });
}
