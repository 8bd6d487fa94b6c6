import { isKnownLabel, type Coding } from '@consent-ledger/chaincode/domain';
import { digestOf, z } from '@consent-ledger/chaincode/wire';
import { requireEachOnce, sentence } from '../table-texts.js';
import { readMatcher, type Matches } from './code-matching.js';
import { CODE_SYSTEMS } from './code-systems.js';

const word = z
  .string()
  .regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots and hyphens, without spaces');
const codeText = z
  .string('must be a text; put a code of digits into quotes')
  .regex(/^[!-~]{1,64}$/, 'must be a code');
const icdRange = z
  .string()
  .regex(
    /^[A-Z]\d[0-9A-Z](?:-[A-Z]\d[0-9A-Z]|\.?[0-9A-Z]{1,4})?$/,
    'must be a category, a code that stands for all below it, or a range of categories, such as F10, F10.2 or F10-F19',
  )
  .refine((text) => text.length !== 7 || text[3] !== '-' || text.slice(0, 3) <= text.slice(4), {
    message: 'must not end before it begins',
  });

const match = z
  .strictObject({
    system: z
      .string()
      .refine(
        (name) => name in CODE_SYSTEMS || /^(https?:\/\/|urn:)[!-~]{1,250}$/.test(name),
        `must be one of ${Object.keys(CODE_SYSTEMS).join(', ')}, or the address of a code system`,
      ),
    codes: z.array(codeText).min(1).max(5_000).optional(),
    within: z.array(icdRange).min(1).max(500).optional(),
    except: z.array(icdRange).min(1).max(500).optional(),
  })
  .superRefine(({ system, codes, within, except }, context) => {
    const isTree = CODE_SYSTEMS[system]?.isTree === true;
    const refuse = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: [path], message });
    };
    if (codes === undefined && within === undefined) refuse('system', 'needs `codes` or `within` beside it');
    if (within !== undefined && !isTree)
      refuse('within', 'is for ICD-10 and ICD-10-CM; list the codes of others');
    if (except !== undefined && within === undefined) refuse('except', 'needs `within` beside it');
  });

const rule = z.strictObject({
  id: word,
  labels: z
    .array(
      z
        .string()
        .refine(isKnownLabel, 'must be a code of v3 Confidentiality or a sensitivity code of v3 ActCode'),
    )
    .min(1)
    .max(8),
  /** In words, for the custodian's staff. */
  reason: sentence,
  /** Where it comes from. */
  source: sentence,
  match: z.array(match).min(1).max(20),
});

/** A label table as a custodian writes it (docs/labelling.md). Its messages go to the line of what is wrong. */
export const labelTableSchema = z
  .strictObject({
    labelTable: z.literal(1, 'must be 1, the version of this format'),
    name: sentence,
    otherwise: z.enum(['unknown', 'normal'], 'must be unknown or normal').default('unknown'),
    rules: z.array(rule).max(1_000),
  })
  .superRefine(requireEachOnce);
export type LabelTableText = z.infer<typeof labelTableSchema>;

/** One rule, ready to be asked. */
export interface LabelRule {
  readonly id: string;
  readonly labels: readonly string[];
  readonly reason: string;
  readonly source: string;
  readonly matches: Matches;
}

/** A table, ready to be asked, under the digest that descriptors name. */
export interface LabelTable {
  readonly digest: string;
  readonly name: string;
  readonly otherwise: 'unknown' | 'normal';
  readonly rules: readonly LabelRule[];
  readonly text: LabelTableText;
}

export function labelTableOf(text: LabelTableText): LabelTable {
  return {
    digest: digestOf(JSON.parse(JSON.stringify(text)) as object),
    name: text.name,
    otherwise: text.otherwise,
    rules: text.rules.map(({ id, labels, reason, source, match: places }) => {
      const matchers = places.map(readMatcher);
      return { id, labels, reason, source, matches: (coding: Coding) => matchers.some((one) => one(coding)) };
    }),
    text,
  };
}
