import type { DecisionContext } from './context.js';
import type { Problem } from './problem.js';
import { isObject, list, object, oneOf, optional, required, text, type Check } from './shape.js';
import { PURPOSE_OF_USE } from './tables/purpose-of-use.js';
import { withoutVersion } from './references.js';
import { label, period, purpose } from './validate-question.js';

const texts = list(text());

/** A list of things with a status, no two of one reference. */
function register(statuses: readonly string[]): Check {
  return withoutRepeats(
    'reference',
    object({ reference: required(text()), status: required(oneOf(statuses)) }),
  );
}

/** A list of objects of which no two have the same value under the key. */
function withoutRepeats(key: string, entry: Check): Check {
  const entries = list(entry);
  return (value, path, problems) => {
    entries(value, path, problems);
    if (!Array.isArray(value)) return;
    const seen = new Set<string>();
    value.forEach((one: unknown, index) => {
      const name = isObject(one) ? one[key] : undefined;
      if (typeof name !== 'string') return;
      if (seen.has(withoutVersion(name))) {
        problems.push({ path: `${path}[${index}].${key}`, message: 'is listed twice' });
      }
      seen.add(withoutVersion(name));
    });
  };
}

const evidence: Check = (value, path, problems) => {
  if (!isObject(value)) {
    problems.push({ path, message: 'must be an object of consent ids and evidence' });
    return;
  }
  for (const [id, kind] of Object.entries(value)) {
    oneOf(['signed', 'witnessed', 'delegated'])(kind, `${path}[${JSON.stringify(id)}]`, problems);
  }
};

const reviewHours: Check = (value, path, problems) => {
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    problems.push({ path, message: 'must be a number of hours above 0' });
  }
};

const purposeSystem = text((value) =>
  value === PURPOSE_OF_USE.system
    ? 'its codes are known without being registered'
    : value.includes('|')
      ? 'must be the URI of a code system, without a version'
      : undefined,
);

/**
 * Reads what else a decision rests on, strictly: unknown keys, statuses, purposes and labels, and periods
 * that are none, are refused, naming the element.
 */
export function validateContext(
  value: unknown,
):
  | { readonly ok: true; readonly context: DecisionContext }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const purposeOf = purpose(systemsOf(value));
  const purposes = list(purposeOf);
  const status = oneOf(['active', 'ended']);
  object({
    impliedPolicy: optional(oneOf(['deny', 'basic-normal', 'all-normal', 'break-glass-only'])),
    members: optional(register(['active', 'suspended'])),
    subjects: optional(register(['active', 'erased'])),
    records: optional(register(['active', 'erased'])),
    evidence: optional(evidence),
    agreements: optional(
      list(
        object({
          parties: required(list(text(), 1)),
          purposes: required(list(purposeOf, 1)),
          period: optional(period),
          status: required(status),
        }),
      ),
    ),
    agreementPurposes: optional(purposes),
    legalBases: optional(
      withoutRepeats(
        'id',
        object({
          id: required(text()),
          requester: required(text()),
          purposes: required(list(purposeOf, 1)),
          subject: optional(text()),
          labels: optional(list(label)),
          cites: optional(texts),
          period: optional(period),
          status: required(status),
        }),
      ),
    ),
    emergencyRoles: optional(texts),
    reviewHours: optional(reviewHours),
    signedOnlyPurposes: optional(purposes),
    purposeSystems: optional(list(purposeSystem)),
  })(value, '', problems);
  // What passed the checks above has the shape of a context.
  return problems.length > 0 ? { ok: false, problems } : { ok: true, context: value as DecisionContext };
}

function systemsOf(value: unknown): readonly string[] {
  const systems = isObject(value) ? value['purposeSystems'] : undefined;
  return Array.isArray(systems) ? systems.filter((system) => typeof system === 'string') : [];
}
