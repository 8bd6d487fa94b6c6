import type { Case, Change } from './case.js';
import { changesOfConsents } from './changes-of-consents.js';
import { changesOfContext } from './changes-of-context.js';
import { changesOfQuestion } from './changes-of-question.js';

/** What could be otherwise: what the subject could say first, then what could be asked, then what the members could do. */
export function changesOf(given: Case): readonly Change[] {
  return [...changesOfConsents(given), ...changesOfQuestion(given), ...changesOfContext(given)];
}
