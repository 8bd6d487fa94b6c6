import type { CompiledPolicy } from './policy.js';
import type { Problem } from './problem.js';
import type { Question } from './question.js';

/**
 * What no set of consents may be: two of one id, consents that supersede themselves or each other, or, where
 * the question names no subjects, consents of several patients. Paths are indices into the given list.
 */
export function checkConsentSet(
  policies: readonly CompiledPolicy[],
  question: Pick<Question, 'subjects'>,
): readonly Problem[] {
  const problems: Problem[] = [];
  const byId = new Map<string, { policy: CompiledPolicy; index: number }>();
  policies.forEach((policy, index) => {
    const first = byId.get(policy.id);
    if (first === undefined) byId.set(policy.id, { policy, index });
    else {
      problems.push({
        path: `consents[${index}].id`,
        message: `is ${policy.id}, as that of consents[${first.index}]`,
      });
    }
  });
  for (const { policy, index } of byId.values()) {
    if (reaches(policy, byId)) {
      problems.push({
        path: `consents[${index}].supersedes`,
        message: policy.supersedes.includes(policy.id)
          ? `${policy.id} supersedes itself`
          : `${policy.id} supersedes a consent that supersedes it`,
      });
    }
  }
  const subjects = [...new Set(policies.map(({ subject }) => subject))];
  if (question.subjects === undefined && subjects.length > 1) {
    problems.push({
      path: 'subjects',
      message: `is missing, and the consents given are of ${subjects.length} patients: name whose record it is`,
    });
  }
  return problems;
}

/** Does the consent, through those of the same subject that it names, come back to itself? */
function reaches(
  from: CompiledPolicy,
  byId: ReadonlyMap<string, { readonly policy: CompiledPolicy }>,
): boolean {
  const seen = new Set<string>();
  const open = [...from.supersedes];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (id === from.id) return true;
    const next = byId.get(id)?.policy;
    if (next?.subject !== from.subject || seen.has(id)) continue;
    seen.add(id);
    open.push(...next.supersedes);
  }
  return false;
}
