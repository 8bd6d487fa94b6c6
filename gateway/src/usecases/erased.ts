import type { CustodyView } from './custody-view.js';
import { Refusal } from './refusal.js';

/** What the custodian's own staff are told of a subject that is not there: that it never was, or is erased. */
export function unknownSubject(subject: string, custody: CustodyView): Refusal {
  return new Refusal(
    custody.get('erasure', 'subject', subject) === undefined ? 'subject-unknown' : 'subject-erased',
  );
}
