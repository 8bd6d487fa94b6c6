import { amendment, amendmentTold } from '@consent-ledger/chaincode/wire';
import type { Changes } from '../changes.js';
import { addAct } from './people.js';
import { parseValue, type ValueAt } from './value-at.js';

/** The newest step of a request to amend a record: each of them was a value of its own. */
export function foldAmendment(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(amendment, value);
  if (found === undefined) return false;
  const { record, version, requestedBy, finding, dueAt, extension, answer } = found;
  const { disagreement, rebuttal, inclusion } = found;
  const steps: { readonly act: string; readonly at: string | undefined }[] = [
    { act: 'amendment-requested', at: found.requestedAt },
    { act: 'amendment-extended', at: extension?.at },
    { act: `amendment-${answer?.outcome ?? 'answered'}`, at: answer?.at },
    { act: 'amendment-to-go-along', at: inclusion?.at },
    { act: 'amendment-disputed', at: disagreement?.at },
    { act: 'amendment-rebutted', at: rebuttal?.at },
  ];
  const last = steps.reduce((before, step) => (isLater(step.at, before.at) ? step : before));
  addAct(value, changes, {
    subject: found.subject,
    act: last.act,
    reference: found.amendment,
    at: last.at ?? found.requestedAt,
    by: value.custodian,
    more: {
      record,
      version,
      requestedBy,
      dueAt,
      ...(finding !== undefined && { finding }),
      ...(answer?.outcome === 'denied' && { ground: answer.ground }),
      ...(answer?.outcome === 'accepted' && { amendedBy: answer.version }),
    },
  });
  return true;
}

/** Steps of one instant are told by the one that follows in the list. */
function isLater(at: string | undefined, before: string | undefined): boolean {
  return at !== undefined && (before === undefined || at >= before);
}

export function foldAmendmentTold(value: ValueAt, changes: Changes): boolean {
  const found = parseValue(amendmentTold, value);
  if (found === undefined) return false;
  const { subject, amendment: reference, event, at, by } = found;
  addAct(value, changes, { subject, act: 'amendment-told', reference, at, by, more: { event } });
  return true;
}
