import type { CommandOf } from '../../wire/index.js';
import { instantOf, millisecondsOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';

/**
 * Begins the next epoch. Whatever was endorsed in the one before and is not ordered yet can never be valid, so
 * an epoch has a least length: nobody can keep the others from writing by moving it all the time.
 *
 * @throws Refusal `epoch-not-next`, `epoch-too-early`
 */
export async function moveEpoch(
  { at, caller, minEpoch, publicState }: Call,
  { number }: CommandOf<'move-epoch'>,
): Promise<void> {
  const present = await publicState.epoch();
  if (number !== (present?.number ?? 0) + 1) throw new Refusal('epoch-not-next');
  const isTooEarly = present !== undefined && at - millisecondsOf(present.startedAt) < minEpoch;
  if (isTooEarly) throw new Refusal('epoch-too-early');
  publicState.putEpoch({ v: 1, number, startedAt: instantOf(at), by: caller.mspId });
}
