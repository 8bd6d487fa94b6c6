import { digestOf, z } from '@consent-ledger/chaincode/wire';
import { QUALITY_SEVERITIES } from '@consent-ledger/chaincode/wire/http';
import { requireEachOnce, sentence } from '../table-texts.js';

const word = z
  .string()
  .regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots and hyphens, without spaces');
const type = z.string().regex(/^[A-Z][A-Za-z]{1,63}$/, 'must be a resource type of FHIR');
const types = z.array(type).min(1).max(200);
const element = z
  .string()
  .regex(
    /^[a-z][A-Za-z]{0,63}(?:\[x\])?(?:\.[a-z][A-Za-z]{0,63}(?:\[x\])?)*$/,
    'must be an element of FHIR, such as status, effective[x] or component.code',
  );
const elements = z.array(element).min(1).max(100);
const codes = z
  .array(
    z.string('must be a text; put a code of digits into quotes').regex(/^[!-~]{1,64}$/, 'must be a code'),
  )
  .min(1)
  .max(5_000);

/** Of which resources a rule speaks; all, where it names none. */
const about = { types: types.optional() } as const;

const check = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('required'), ...about, elements }),
    z.strictObject({
      kind: z.literal('form'),
      ...about,
      elements,
      form: z.enum(['date', 'dateTime', 'instant', 'number', 'reference']),
    }),
    z.strictObject({ kind: z.literal('one-of'), ...about, elements, codes }),
    z.strictObject({ kind: z.literal('coded'), ...about, elements }),
    z.strictObject({
      kind: z.literal('known-systems'),
      ...about,
      systems: z
        .array(z.string().regex(/^[!-~]{1,256}$/, 'must be an address'))
        .min(1)
        .max(5_000),
    }),
    z.strictObject({ kind: z.literal('period-order'), ...about }),
    z.strictObject({ kind: z.literal('order'), ...about, first: element, second: element }),
    z.strictObject({ kind: z.literal('not-before-birth'), ...about, elements }),
    z.strictObject({
      kind: z.literal('not-after'),
      ...about,
      elements,
      instant: z.enum(['death', 'now'], 'must be death or now'),
    }),
    z.strictObject({ kind: z.literal('subject'), ...about, elements }),
    z.strictObject({
      kind: z.literal('demographics'),
      fields: z.array(z.enum(['birthDate', 'gender', 'name', 'identifier'])).min(1),
    }),
    z.strictObject({ kind: z.literal('duplicate'), ...about }),
    z.strictObject({
      kind: z.literal('units'),
      ...about,
      families: z
        .array(z.strictObject({ of: sentence, loinc: codes, ucum: codes }))
        .min(1)
        .max(1_000),
    }),
  ],
  'must be a kind of check that docs/quality.md names',
);
export type QualityCheck = z.infer<typeof check>;
export type CheckOf<Kind extends QualityCheck['kind']> = Extract<QualityCheck, { kind: Kind }>;

const rule = z.strictObject({
  id: word,
  severity: z.enum(QUALITY_SEVERITIES, `must be one of ${QUALITY_SEVERITIES.join(', ')}`),
  /** Why it is a finding, in words, for the custodian's staff. */
  reason: sentence,
  /** What to do. */
  action: sentence,
  /** Where the rule comes from. */
  source: sentence,
  check,
});
export type QualityRule = z.infer<typeof rule>;

/** A quality table as a custodian writes it (docs/quality.md). Its messages go to the line of what is wrong. */
export const qualityTableSchema = z
  .strictObject({
    qualityTable: z.literal(1, 'must be 1, the version of this format'),
    name: sentence,
    rules: z.array(rule).max(1_000),
  })
  .superRefine(requireEachOnce);

/** A table, under the digest that reports name. */
export interface QualityTable {
  readonly digest: string;
  readonly name: string;
  readonly rules: readonly QualityRule[];
}

export function qualityTableOf(text: z.infer<typeof qualityTableSchema>): QualityTable {
  return {
    digest: digestOf(JSON.parse(JSON.stringify(text)) as object),
    name: text.name,
    rules: text.rules,
  };
}
