import type { Problem } from '@consent-ledger/chaincode/domain';
import { badInput } from './user-error.js';

type Checked<Accepted> =
  (Accepted & { readonly ok: true }) | { readonly ok: false; readonly problems: readonly Problem[] };

/** What the rules made of a file. Throws a UserError that says all that they do not understand of it. */
export function accept<Accepted>(file: string, checked: Checked<Accepted>): Accepted {
  if (!checked.ok) refuseProblems(file, checked.problems);
  return checked as Accepted & { ok: true };
}

/** Throws a UserError where there are any. */
export function refuseProblems(what: string, problems: readonly Problem[]): void {
  if (problems.length === 0) return;
  const lines = problems.map(({ path, message, readings }) => {
    const both = readings ? ` (it can be read two ways: ${readings.join(', or ')})` : '';
    return `${what}: ${path === '' ? '' : `${path} `}${message}${both}`;
  });
  throw badInput(lines.join('\n'));
}
