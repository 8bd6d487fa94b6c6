import { isKnownLabel } from './labels.js';
import type { Problem } from './problem.js';
import { isKnownPurpose } from './purposes.js';
import type { Question } from './question.js';
import { isObject, list, object, oneOf, optional, required, text, type Check } from './shape.js';
import { parseDateTime, parseInstant, parsePeriod } from './time.js';

export const ACTIONS = ['collect', 'access', 'use', 'disclose', 'correct'] as const;

const reference = text();
const references = list(reference);
const coding = object({ system: required(text()), code: required(text()) });

const instant = text((value) =>
  parseInstant(value) === undefined
    ? 'must be a FHIR instant: date, time to the second, and zone (2026-11-22T10:00:00Z)'
    : undefined,
);

export const dateOrInstant: Check = text((value) =>
  parseDateTime(value) === undefined
    ? 'must be a FHIR date (2026, 2026-11, 2026-11-22) or an instant with its zone'
    : undefined,
);

/** A purpose that is known: v3 ActReason below PurposeOfUse, or `system|code` of a registered system. */
export function purpose(purposeSystems: readonly string[]): Check {
  return text((value) =>
    isKnownPurpose(value, purposeSystems)
      ? undefined
      : 'is no purpose of use of v3 ActReason, nor system|code of a registered system',
  );
}

export const label = text((value) =>
  isKnownLabel(value)
    ? undefined
    : 'is neither a confidentiality code (U, L, M, N, R, V) nor a sensitivity code of v3 ActCode, nor 42CFRPart2',
);

/** A period of FHIR dates that ends at or after its start. */
export const period: Check = (value, path, problems) => {
  const before = problems.length;
  object({ start: optional(dateOrInstant), end: optional(dateOrInstant) })(value, path, problems);
  if (problems.length > before || !isObject(value)) return;
  const parsed = parsePeriod(asText(value['start']), asText(value['end']));
  if ('wrong' in parsed) problems.push({ path, message: 'ends before it starts' });
};

const authored: Check = (value, path, problems) => {
  (typeof value === 'string' ? dateOrInstant : period)(value, path, problems);
};

/**
 * Reads a question strictly: unknown keys, an unknown purpose, label or action, an empty list of purposes,
 * actions or subjects, a bare date as `at` or a time without a zone are refused, naming the element.
 *
 * @param purposeSystems URIs of the systems whose purposes (`system|code`) the consortium has registered
 */
export function validateQuestion(
  value: unknown,
  purposeSystems: readonly string[] = [],
):
  | { readonly ok: true; readonly question: Question }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const check = purposeSystems.length === 0 ? plainQuestion : questionWith(purposeSystems);
  check(value, '', problems);
  // What passed the checks above has the shape of a question.
  return problems.length > 0 ? { ok: false, problems } : { ok: true, question: value as Question };
}

function questionWith(purposeSystems: readonly string[]): Check {
  return object({
    at: required(instant),
    custodian: optional(reference),
    requester: required(
      object({
        member: required(reference),
        references: optional(references),
        roles: optional(list(text())),
      }),
    ),
    purpose: required(list(purpose(purposeSystems), 1)),
    actions: optional(list(oneOf(ACTIONS), 1)),
    subjects: optional(list(reference, 1)),
    record: optional(
      object({
        reference: optional(reference),
        resourceType: optional(text()),
        classes: optional(list(coding)),
        codes: optional(list(coding)),
        labels: optional(list(label)),
        authored: optional(authored),
        author: optional(references),
        refersTo: optional(references),
        referredToBy: optional(references),
      }),
    ),
    emergency: optional(object({ reason: required(anyText) })),
    legalBasis: optional(text()),
    study: optional(text()),
  });
}

const plainQuestion = questionWith([]);

/** A blank reason is no reason, which the rules deny and the log keeps; it is not bad input. */
function anyText(value: unknown, path: string, problems: Problem[]): void {
  if (typeof value !== 'string') problems.push({ path, message: 'must be text' });
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
