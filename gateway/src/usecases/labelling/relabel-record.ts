import type { Descriptor, DescriptorFacts, Labelling } from '@consent-ledger/chaincode/wire';
import type { LabelTables } from '../../ports/label-tables.js';
import { contentOf, resourceOf } from '../kept-resource.js';
import { keepRecord, type KeepRecordOptions, type KeptRecord } from '../keep-record.js';
import { Refusal } from '../refusal.js';
import { labelDescribed, requireFacts, withoutLabels } from './describe-record.js';
import { overruleLabels } from './label-record.js';

export interface RelabelOptions {
  readonly keep: KeepRecordOptions;
  readonly tables: LabelTables;
}

/** What labels a record shall carry, and why. */
export interface Relabel {
  readonly record: string;
  readonly reason: string;
  /** Exactly these; undefined: what today's rules say. */
  readonly labels: readonly string[] | undefined;
}

/**
 * A new version of a record with the same content and other labels, encrypted anew, since what is encrypted is bound to its version.
 * Throws a Refusal: `not-found`, `record-facts-refused`, and those of keeping a record.
 */
export async function relabelRecord(
  { record, reason, labels: decided }: Relabel,
  options: RelabelOptions,
): Promise<KeptRecord & { readonly facts: DescriptorFacts }> {
  const { keep, tables } = options;
  const current = keep.custody.get('descriptor', record)?.value;
  if (current === undefined) throw new Refusal('not-found');
  const resource = await resourceOf(current, keep);
  const facts = withoutLabels(current.facts);
  const byRules = labelDescribed({ resource, stated: statedOf(current) }, facts, tables.current);
  const { labels, labelling } =
    decided === undefined ? byRules : { labels: decided, labelling: decide(decided, byRules) };
  const described = { ...facts, ...(labels === undefined ? {} : { labels: [...labels] }) };
  requireFacts(described);
  const { subjects, mediaType } = current;
  const content = contentOf(current, keep);
  const incoming = { record, subjects, mediaType, facts: described, labelling, reason, content };
  return { ...(await keepRecord(incoming, keep)), facts: described };
}

function decide(decided: readonly string[], byRules: Parameters<typeof overruleLabels>[1]): Labelling {
  const { labelling, left } = overruleLabels(decided, byRules);
  if (left.length === 0) return labelling;
  const message = 'must hold every label that the record carries in its own meta.security';
  throw new Refusal('record-facts-refused', { errors: [{ path: '$.labels', message }] });
}

/** What was stated when it came in; of a descriptor from before labels were explained, all that it carries. */
function statedOf({ facts, labelling }: Descriptor): Pick<DescriptorFacts, 'labels'> {
  const stated = labelling === undefined ? facts.labels : labelling.stated;
  return stated === undefined ? {} : { labels: [...stated] };
}
