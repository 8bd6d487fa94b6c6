import { CompactImpossible } from '@consent-ledger/audit';
import { UserError } from '../user-error.js';

/** Throws a UserError in the place of a CompactImpossible. */
export async function compactInWords<Result>(work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof CompactImpossible)) throw error;
    const what = `No compact bundle: ${error.message}. Members sign with: consent-ledger audit checkpoint sign.`;
    throw new UserError(what, undefined, { cause: error });
  }
}
