import type { PolicyInForce } from '@consent-ledger/chaincode/domain';
import { instantOf } from '@consent-ledger/chaincode/wire';
import type { CheckQuestion } from '@consent-ledger/chaincode/wire/http';
import type { Projection } from '../ports/projection.js';
import { readRegisteredFor, type RegisteredFor, type RegisteredSources } from './check-registered.js';
import { subjectsOf, type CheckState } from './check-question.js';
import type { KnownConsents, KnownRecord } from './known-consents.js';

export interface CheckSources extends RegisteredSources {
  readonly known: KnownConsents;
  readonly projection: Projection;
  readonly now: () => number;
}

export interface CheckStateAt {
  /** Number of blocks that it stands on. */
  readonly height: number;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly state: CheckState;
}

/**
 * Everything that the questions rest on, as of one block: what is not in memory is read from the projection, and read again
 * if a block comes meanwhile. Throws a Refusal `event-pending` where the own peer lacks a value.
 */
export async function readCheckState(
  questions: readonly CheckQuestion[],
  sources: CheckSources,
): Promise<CheckStateAt> {
  const { projection } = sources;
  for (;;) {
    const { height } = projection;
    const descriptors = readDescriptors(questions, sources.known);
    const consents = await readConsents(questions, descriptors, sources.known);
    const registered = readRegisteredFor(
      questions,
      (asked) => subjectsOf(asked, asked.record === undefined ? undefined : descriptors.get(asked.record)),
      sources,
    );
    if (projection.height === height)
      return { height, ...stateOf(questions, descriptors, consents, registered, sources) };
  }
}

function readDescriptors(
  questions: readonly CheckQuestion[],
  known: KnownConsents,
): ReadonlyMap<string, KnownRecord | undefined> {
  const found = new Map<string, KnownRecord | undefined>();
  for (const { record } of questions)
    if (record !== undefined && !found.has(record)) found.set(record, known.recordOf(record));
  return found;
}

async function readConsents(
  questions: readonly CheckQuestion[],
  descriptors: ReadonlyMap<string, KnownRecord | undefined>,
  known: KnownConsents,
): Promise<ReadonlyMap<string, readonly PolicyInForce[] | undefined>> {
  const found = new Map<string, readonly PolicyInForce[] | undefined>();
  for (const asked of questions) {
    const descriptor = asked.record === undefined ? undefined : descriptors.get(asked.record);
    for (const subject of subjectsOf(asked, descriptor)) {
      if (found.has(subject)) continue;
      // To wait for what is at hand would cost more than to take it.
      const remembered = known.remembered(subject);
      found.set(subject, remembered === undefined ? await known.consentsOf(subject) : remembered.value);
    }
  }
  return found;
}

function stateOf(
  questions: readonly CheckQuestion[],
  descriptors: ReadonlyMap<string, KnownRecord | undefined>,
  consents: ReadonlyMap<string, readonly PolicyInForce[] | undefined>,
  registeredFor: RegisteredFor,
  { custody, members, now }: CheckSources,
): Omit<CheckStateAt, 'height'> {
  const at = now();
  const statuses = new Map<string, 'active' | 'suspended' | undefined>();
  for (const { requester } of questions) {
    if (statuses.has(requester.member)) continue;
    const mspId = members.byReference(requester.member)?.mspId;
    statuses.set(requester.member, mspId === undefined ? undefined : members.registered(mspId)?.status);
  }
  return {
    at,
    state: {
      custody: custody.custody,
      at: instantOf(at),
      memberStatus: (reference) => statuses.get(reference),
      descriptorOf: (record) => descriptors.get(record),
      consentsOf: (subject) => consents.get(subject),
      registeredFor,
    },
  };
}
