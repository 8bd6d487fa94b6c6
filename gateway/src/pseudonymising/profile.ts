import { digestOf, primitives, z } from '@consent-ledger/chaincode/wire';

/**
 * What may become of one element. Whatever no rule names does not leave.
 * - `number`, `boolean`: as it is.
 * - `date`: moved by the participant's days; a FHIR date, dateTime or instant keeps its precision, its time of day and its zone.
 * - `birth-year`: the year alone, and not even that of somebody older than `oldest`.
 * - `coding`: system and code, of the systems listed; no display.
 * - `label`: a coding of confidentiality or sensitivity.
 * - `quantity`: value, comparator and unit, where the unit is of UCUM; no words.
 * - `participant`: the participant's pseudonym in the study, whatever stands there.
 * - `reference`: a reference to a resource of the types listed, under a pseudonym of its own in the study.
 * - `{"codes": [...]}`: one of these codes of FHIR's own.
 * - `{"elements": {...}}`: an element with elements of its own.
 *
 * Where an element repeats, the rule is for each.
 */
export type Rule =
  | 'number'
  | 'boolean'
  | 'date'
  | 'birth-year'
  | 'coding'
  | 'label'
  | 'quantity'
  | 'participant'
  | 'reference'
  | { readonly codes: readonly string[] }
  | { readonly elements: Elements };

/** Rules by the names of elements. */
export type Elements = Readonly<Record<string, Rule>>;

const rule: z.ZodType<Rule> = z.lazy(() =>
  z.union([
    z.enum([
      'number',
      'boolean',
      'date',
      'birth-year',
      'coding',
      'label',
      'quantity',
      'participant',
      'reference',
    ]),
    z.strictObject({ codes: z.array(z.string()).min(1) }),
    z.strictObject({ elements }),
  ]),
);
const elements: z.ZodType<Elements> = z.lazy(() => z.record(z.string().regex(/^[a-z][A-Za-z]{0,63}$/), rule));

const pattern = z.string().refine(isPattern, 'must be a regular expression that is anchored at both ends');

/** How data are pseudonymised for a study: what leaves, element by element, and nothing else. */
const profileSchema = z.strictObject({
  name: primitives.fhirId,
  version: primitives.fhirId,
  /** Dates are moved by 1 to so many days, forwards or back. */
  shiftDays: z.int().min(1).max(3_650),
  /** Age in years beyond which no year of birth leaves (45 CFR 164.514(b)(2)(i)(C)). */
  oldest: z.int().min(1).max(150),
  /** Code systems whose codes may leave, with what their codes look like: what does not is no code. */
  systems: z.record(z.string(), pattern),
  /** Types of resources that may be referred to. */
  references: z.array(z.string().regex(/^[A-Z][A-Za-z]{1,63}$/)),
  /** By resource type; a resource of another type does not leave. */
  resources: z.record(z.string().regex(/^[A-Z][A-Za-z]{1,63}$/), elements),
});
export type ProfileDocument = z.infer<typeof profileSchema>;

/** A profile that is ready to be applied. */
export interface Profile extends Omit<ProfileDocument, 'systems'> {
  /** SHA-256 of the document's canonical text, base64url: what terms and events name it by. */
  readonly digest: string;
  readonly systems: ReadonlyMap<string, RegExp>;
}

/** Reads a profile. Throws a ZodError for what is none. */
export function readProfile(document: unknown): Profile {
  const { systems, ...rest } = profileSchema.parse(document);
  return {
    ...rest,
    digest: digestOf({ systems, ...rest }),
    systems: new Map(Object.entries(systems).map(([system, text]) => [system, new RegExp(text, 'u')])),
  };
}

function isPattern(text: string): boolean {
  if (!text.startsWith('^(?:') || !text.endsWith(')$')) return false;
  try {
    return new RegExp(text, 'u').source.length > 0;
  } catch {
    return false;
  }
}
