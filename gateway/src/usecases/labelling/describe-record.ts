import { validateQuestion } from '@consent-ledger/chaincode/domain';
import type { DescriptorFacts, Labelling } from '@consent-ledger/chaincode/wire';
import { factsOfResource } from '../fhir-facts.js';
import { Refusal } from '../refusal.js';
import { codingsIn } from './codings-in.js';
import { labelRecord, type Labelled } from './label-record.js';
import type { LabelTable } from './label-table.js';

/** A FHIR resource up to this size is read for its facts; a larger one must be described by whoever brings it. */
export const READABLE_BYTES = 1024 * 1024;

/** What a record that comes in is described by. */
export interface ToDescribe {
  readonly record: string;
  /** Parsed, where it is a FHIR resource that is small enough to be read. */
  readonly resource: unknown;
  /** What whoever brings it states, in the place of what the resource says; labels are added to the resource's own. */
  readonly stated: Partial<DescriptorFacts>;
}

export interface Description {
  readonly facts: DescriptorFacts;
  readonly labelling: Labelling;
}

/** The facts of a record and its labels. Throws a Refusal: `body-malformed` for what is no resource, `record-facts-refused`. */
export function describeRecord(toDescribe: ToDescribe, table: LabelTable): Description {
  const facts = factsWithoutLabels(toDescribe);
  const { labels, labelling } = labelDescribed(toDescribe, facts, table);
  const described = { ...facts, ...(labels === undefined ? {} : { labels: [...labels] }) };
  requireFacts(described);
  return { facts: described, labelling };
}

/** What the rules say of a record with these facts. */
export function labelDescribed(
  { resource, stated }: Pick<ToDescribe, 'resource' | 'stated'>,
  facts: DescriptorFacts,
  table: LabelTable,
): Labelled {
  const codings = [...codingsIn(resource), ...(facts.codes ?? []), ...(facts.classes ?? [])];
  const own = factsOfResource(resource)?.labels;
  return labelRecord({ own, stated: stated.labels, codings, isCoded: facts.codes !== undefined }, table);
}

function factsWithoutLabels({ record, resource, stated }: ToDescribe): DescriptorFacts {
  const derived = resource === undefined ? {} : factsOfResource(resource);
  if (derived === undefined) {
    throw new Refusal('body-malformed', {
      errors: [{ path: '$', message: 'must be a FHIR resource in JSON' }],
    });
  }
  return withoutLabels({ reference: `Binary/${record}`, ...derived, ...stated });
}

export function withoutLabels(facts: DescriptorFacts): DescriptorFacts {
  const rest = { ...facts };
  delete rest.labels;
  return rest;
}

/** Facts become part of every question about the record, so they must make a valid one. Throws a Refusal that says why not. */
export function requireFacts(facts: DescriptorFacts): void {
  const probe = {
    at: '2000-01-01T00:00:00Z',
    requester: { member: 'Organization/probe' },
    purpose: ['TREAT'],
  };
  const checked = validateQuestion({ ...probe, record: facts });
  if (checked.ok) return;
  const errors = checked.problems.map(({ path, message }) => ({
    path: path.replace(/^record/, 'facts'),
    message,
  }));
  throw new Refusal('record-facts-refused', { errors });
}
