import {
  reasons,
  type Answer,
  type BasisEntry,
  type Obligation,
  type ReasonCode,
} from '@consent-ledger/chaincode/domain';
import type { CheckAnswer } from '@consent-ledger/chaincode/wire/http';

/** Consents that a text names; a list of a hundred would not be read. */
const NAMED = 5;

/** An answer with what a person of the custodian's staff may know of it (docs/consent.md, "Reasons"). */
export function explainAnswer(answer: Answer): CheckAnswer {
  const { outcome, reason, basis, obligations } = answer;
  const { unmet, exception } = reasons[reason];
  return {
    outcome,
    reason,
    explanation: textOf(answer),
    ...(unmet === undefined ? {} : { precondition: unmet }),
    ...(exception === undefined ? {} : { exception }),
    basis: basis as BasisEntry[],
    obligations: obligations as Obligation[],
  };
}

/** What is said of a reason in every answer that has it: before the consents are named, and after. */
const SAID: ReadonlyMap<ReasonCode, { readonly before: string; readonly after: string }> = new Map(
  Object.entries(reasons).map(([reason, { outcome, rule, logged, unmet, exception }]) => [
    reason as ReasonCode,
    {
      before: `${outcome === 'permit' ? 'Permitted' : 'Denied'} by rule ${rule}: ${logged}`,
      after:
        (unmet === undefined ? '' : ` It would need ${unmet}.`) +
        (exception === undefined ? '' : ` It falls under ${exception.cites} (${exception.name}).`),
    },
  ]),
);

function textOf({ reason, basis, obligations }: Answer): string {
  const { before = '', after = '' } = SAID.get(reason) ?? {};
  let text = before;
  for (const entry of basis.slice(0, NAMED)) text += ` ${said(entry)}`;
  if (basis.length > NAMED) text += ` And so on: ${basis.length} consents in all.`;
  text += after;
  for (const obligation of obligations) text += ` ${duty(obligation)}`;
  return text;
}

function said({ consent, version, outcome, path, evidence }: BasisEntry): string {
  const name = `Consent ${consent} (version ${version}, ${evidence})`;
  return path === undefined ? `${name} says nothing to this.` : `${name} says ${outcome} in ${path}.`;
}

function duty(obligation: Obligation): string {
  switch (obligation.code) {
    case 'prohibit-redisclosure':
      return `Whoever receives it must not pass it on (${obligation.cites}).`;
    case 'expires-at':
      return `That holds until ${obligation.at}.`;
    case 'review-by':
      return `It must be reviewed by ${obligation.at}.`;
    case 'pseudonymise':
      return `It leaves pseudonymised, as profile ${obligation.profile} version ${obligation.version} says.`;
  }
}
