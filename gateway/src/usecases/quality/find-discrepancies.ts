import type { QualityFinding } from '@consent-ledger/chaincode/wire/http';
import { coded, form, knownSystems, oneOf, required, units } from './code-checks.js';
import { notAfter, notBeforeBirth, order, periodOrder } from './date-checks.js';
import { isObject, type JsonObject, type Place } from './elements.js';
import type { KnownSubject } from './known-subject.js';
import type { QualityCheck, QualityTable } from './quality-table.js';
import { demographics, subjectReferences } from './subject-checks.js';

/** What a record is looked at beside. */
export interface QualityContext {
  /** Pseudonyms of whom it is registered for. */
  readonly subjects: readonly string[];
  readonly known: KnownSubject;
  /** Whether the same subject has an identical resource under another id. */
  readonly isDuplicate: boolean;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Most findings of one record that are told. */
const MAX_FINDINGS = 200;

/**
 * What the table finds in a FHIR resource: rule, place, and what to do; never anything that the resource says. A record that is no
 * readable resource has no findings.
 */
export function findDiscrepancies(
  resource: unknown,
  context: QualityContext,
  { rules }: QualityTable,
): QualityFinding[] {
  if (!isObject(resource)) return [];
  const root: Place = { value: resource, path: typeOf(resource) };
  return rules
    .flatMap(({ id, severity, reason, action, source, check }) =>
      pathsOf(check, root, context).map((path) => ({ rule: id, severity, path, reason, action, source })),
    )
    .slice(0, MAX_FINDINGS);
}

function pathsOf(check: QualityCheck, resource: Place, context: QualityContext): readonly string[] {
  if ('types' in check && check.types?.includes(resource.path) === false) return [];
  switch (check.kind) {
    case 'required':
      return required(resource, check);
    case 'form':
      return form(resource, check);
    case 'one-of':
      return oneOf(resource, check);
    case 'coded':
      return coded(resource, check);
    case 'known-systems':
      return knownSystems(resource, check);
    case 'units':
      return units(resource, check);
    case 'period-order':
      return periodOrder(resource);
    case 'order':
      return order(resource, check);
    case 'not-before-birth':
      return notBeforeBirth(resource, check, context.known);
    case 'not-after':
      return notAfter(resource, check, context.known, context.now);
    case 'subject':
      return subjectReferences(resource, check, context.known, context.subjects);
    case 'demographics':
      return demographics(resource, check, context.known);
    case 'duplicate':
      return context.isDuplicate ? [resource.path] : [];
  }
}

/** Paths begin with it, so it is nothing that FHIR could not have named. */
function typeOf({ resourceType }: JsonObject): string {
  return typeof resourceType === 'string' && /^[A-Z][A-Za-z]{1,63}$/.test(resourceType)
    ? resourceType
    : 'Resource';
}
