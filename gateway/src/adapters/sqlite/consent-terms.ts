import { parseDateTime } from '@consent-ledger/chaincode/domain';
import type { Consent, FhirResource } from '@consent-ledger/chaincode/wire';
import type { FhirRelease } from '../../ports/consent-index.js';

/** What a consent is found by, as its text says it. */
export interface ConsentTerms {
  readonly release: FhirRelease;
  readonly status: string;
  readonly from: number | undefined;
  readonly until: number | undefined;
  readonly hasPeriod: boolean;
  readonly terms: readonly {
    readonly kind: 'actor' | 'purpose';
    readonly qualifier: string;
    readonly value: string;
  }[];
}

/**
 * Search parameters of Consent (FHIR R4 and R5): `period`, and `actor` and `purpose` of provisions of every depth, since
 * an exception names its actors no less than the root does.
 */
export function termsOf({ resource }: Consent): ConsentTerms {
  const release = Object.hasOwn(resource, 'decision') || Array.isArray(resource['provision']) ? 'r5' : 'r4';
  const provisions = provisionsOf(resource['provision']);
  const period = release === 'r5' ? resource['period'] : provisions[0]?.['period'];
  const [start, end] = ['start', 'end'].map((edge) => dateOf(isObject(period) ? period[edge] : undefined));
  return {
    release,
    status: textOf(resource['status']),
    from: start?.from,
    until: end?.until,
    hasPeriod: start !== undefined || end !== undefined,
    terms: provisions.flatMap((provision) => [
      ...listOf(provision['actor']).map(({ reference }) =>
        referenceTerm(isObject(reference) ? reference : {}),
      ),
      ...listOf(provision['purpose']).map(({ system, code }) => ({
        kind: 'purpose' as const,
        qualifier: textOf(system),
        value: textOf(code),
      })),
    ]),
  };
}

function referenceTerm({ reference }: FhirResource): ConsentTerms['terms'][number] {
  const text = textOf(reference).replace(/\/_history\/[^/]+$/, '');
  const [, type = '', id = text] = /^([A-Za-z]+)\/([A-Za-z0-9.-]+)$/.exec(text) ?? [];
  return { kind: 'actor', qualifier: type, value: id };
}

/** A provision and all those inside it; R5 has a list of them. */
function provisionsOf(value: unknown): readonly FhirResource[] {
  const list = Array.isArray(value) ? value : [value];
  return list
    .filter(isObject)
    .flatMap((provision) => [provision, ...provisionsOf(provision['provision'] ?? [])]);
}

function dateOf(value: unknown): { readonly from: number; readonly until: number } | undefined {
  return typeof value === 'string' ? parseDateTime(value) : undefined;
}

function listOf(value: unknown): readonly FhirResource[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isObject(value: unknown): value is FhirResource {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
