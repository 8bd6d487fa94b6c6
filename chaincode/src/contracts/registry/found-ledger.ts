import type { CommandOf } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';

/**
 * Writes the ledger's own id, once. The same id again is no error, since whoever founds may not have seen the
 * outcome.
 */
export async function foundLedger({ publicState }: Call, { id }: CommandOf<'found-ledger'>): Promise<void> {
  const existing = await publicState.ledger();
  if (existing?.id === id) return;
  if (existing !== undefined) throw new Refusal('ledger-already-founded');
  publicState.putLedger({ v: 1, id });
}
