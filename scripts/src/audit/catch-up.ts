import { follow, ProjectionStopped, type StopReason } from '@consent-ledger/audit';
import type { Terminal } from '../terminal/terminal.js';
import { UserError } from '../user-error.js';
import { progressSaid } from './progress.js';
import type { Audited } from './projection-options.js';

const WHAT_TO_DO: Readonly<Record<StopReason, string>> = {
  gap: 'Ask another peer; tell the other members if it is the same there.',
  fork: 'Compare with other members before anything else: two histories of one ledger must not be.',
  'changed-block': 'Compare with other members before anything else: a block must never change.',
  'other-ledger': 'Name another --projection, or make it again: consent-ledger audit rebuild.',
  'other-collections': 'Make it again: consent-ledger audit rebuild.',
};

/**
 * Folds what the own peer has by now.
 * @returns number of blocks that the projection has
 * @throws UserError where the peer's blocks do not go on from what was folded
 */
export async function catchUp({ peer, store }: Audited, out: Terminal): Promise<number> {
  const end = await peer.height();
  const progress = progressSaid(out, end);
  await stoppedInWords(
    follow({
      store,
      source: peer.source,
      ledger: peer.ledgerId,
      chaincode: peer.chaincode,
      collections: peer.collections,
      end,
      signal: new AbortController().signal,
      onProgress: progress.note,
    }),
  );
  progress.end();
  return (await store.checkpoint()).height;
}

/** Throws a UserError in the place of a ProjectionStopped. */
export async function stoppedInWords<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof ProjectionStopped)) throw error;
    throw new UserError(
      `STOPPED (${error.reason}) at ${error.message}. ${WHAT_TO_DO[error.reason]}`,
      undefined,
      { cause: error },
    );
  }
}
