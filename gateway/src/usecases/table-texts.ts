import { z } from '@consent-ledger/chaincode/wire';

/** What the tables have in common that a custodian edits. Messages go to the line of what is wrong. */

/** Words for people: what a table is called, why a rule is there. */
export const sentence = z.string().min(1, 'must not be empty').max(500, 'must have at most 500 characters');

/** A report names a rule by its id, so that each is there once. */
export function requireEachOnce(
  { rules }: { readonly rules: readonly { readonly id: string }[] },
  context: z.RefinementCtx,
): void {
  const seen = new Set<string>();
  rules.forEach(({ id }, index) => {
    if (seen.has(id))
      context.addIssue({ code: 'custom', path: ['rules', index, 'id'], message: 'is there twice' });
    seen.add(id);
  });
}
