import { reasons, type Answer, type BasisEntry, type Obligation } from '@consent-ledger/chaincode/domain';
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

function textOf({ outcome, reason, basis, obligations }: Answer): string {
  const { rule, logged, unmet, exception } = reasons[reason];
  let text = `${outcome === 'permit' ? 'Permitted' : 'Denied'} by rule ${rule}: ${logged}`;
  for (const entry of basis.slice(0, NAMED)) text += ` ${said(entry)}`;
  if (basis.length > NAMED) text += ` And so on: ${basis.length} consents in all.`;
  if (unmet !== undefined) text += ` It would need ${unmet}.`;
  if (exception !== undefined) text += ` It falls under ${exception.cites} (${exception.name}).`;
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
  }
}
