import { isDeepStrictEqual } from 'node:util';
import {
  withoutIdentifyingText,
  type FhirResource,
  type FiledEvidence,
} from '@consent-ledger/chaincode/wire';
import { SPEAKERS } from '@consent-ledger/chaincode/wire/http';
import type { ConsentIndex, FhirRelease } from '../../ports/consent-index.js';
import type { User } from '../../ports/token-verifier.js';
import { newestVersion, versionAt, type ConsentVersion } from '../../usecases/consent-versions.js';
import { byWordOfMouth, fileConsent, withdrawConsent } from '../../usecases/consents.js';
import { filedEvidence, withSignedId } from '../../usecases/evidence.js';
import { freshBytes } from '../../usecases/idempotent-run.js';
import { Refusal } from '../../usecases/refusal.js';
import type { Call, HandlersOf, Reply } from '../handlers.js';
import { resourceOf, versionHeaders, withoutServerMeta } from './consent-resource.js';
import { enter, type Entered, type FhirOptions } from './entering.js';
import { requireMatch } from './entity-tags.js';
import { evidenceOf, requireEvidence } from './evidence-header.js';
import { requireVersionOf } from './negotiate.js';
import { informationOf, outcomeOf } from './outcome.js';
import { witnessFor } from '../witness.js';

export interface FhirWriteOptions extends FhirOptions {
  readonly consents: ConsentIndex;
  readonly ledgerId: string;
}

/** Files new consents, at their custodian. */
export function fhirCreateHandlers(options: FhirWriteOptions): HandlersOf<'fhirCreate'> {
  return {
    fhirCreate: async (call) => {
      const entered = enter(call, [], options);
      requireUnconditional(call.request.headers['if-none-exist']);
      return file(withoutId(call.body), 1, call, entered, options);
    },
  };
}

/** Files the next version of a consent, or its first; takes a withdrawal, at oversight as well. */
export function fhirUpdateHandlers(options: FhirWriteOptions): HandlersOf<'fhirUpdate'> {
  return {
    fhirUpdate: async (call) => {
      const entered = enter(call, [], options);
      const { custody, release } = entered;
      const resource = call.body as FhirResource;
      const { id } = call.params;
      if (resource['id'] !== id) throw refusedAt('Consent.id', 'must be the id in the address');
      const filed = options.consents.find(custody.collection, id);
      if (filed !== undefined && filed.release !== release) throw new Refusal('consent-dialect-fixed');
      const newest = filed === undefined ? undefined : newestVersion(id, custody);
      requireMatch(call.headers['if-match'], newest?.version);
      if (newest !== undefined && resource['status'] === 'inactive')
        return revoke(resource, newest, call, entered, options);
      if (newest?.isWithdrawal === true) throw new Refusal('consent-is-withdrawn');
      return file(resource, (newest?.version ?? 0) + 1, call, entered, options);
    },
  };
}

type WriteCall = Pick<Call<'fhirUpdate'>, 'headers' | 'request'> & { readonly user: User };

async function file(
  resource: FhirResource,
  version: number,
  { headers, request, user }: WriteCall,
  { base, custody, preferences, release }: Entered,
  { ledgerId, own, pseudonymKey, transactions }: FhirWriteOptions,
): Promise<Reply> {
  // Oversight takes withdrawals and files nothing.
  const mayFile = SPEAKERS.some((role) => user.roles.includes(role));
  if (custody !== own || !mayFile) throw new Refusal('role-missing');
  requireVersionOf(release, request.headers['content-type']);
  requireRelease(resource, release);
  const evidence = filedEvidence(requireEvidence(headers), witnessFor(user, pseudonymKey));
  const { filed } = await fileConsent(
    { resource: identified(withoutServerMeta(resource), evidence, custody, ledgerId), evidence, version },
    own,
    transactions,
  ).catch((error: unknown) => {
    const isLost = error instanceof Refusal && error.code === 'consent-version-conflict';
    if (isLost && headers['if-match'] !== undefined) throw new Refusal('version-mismatch', { cause: error });
    throw error;
  });
  const made = versionAt(filed.consent, version, custody);
  if (made === undefined) throw new Refusal('event-pending');
  const location = version === 1 ? { Location: `${base}/Consent/${made.consent}/_history/1` } : {};
  const status = version === 1 ? 201 : 200;
  const done = informationOf(`Filed as version ${version}`);
  return answer(made, { status, location, done, release, preferences });
}

/** Whoever creates a resource does not choose its id (FHIR R4 3.1.0.8). */
function withoutId(resource: FhirResource): FhirResource {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => name !== 'id'));
}

/** The id that derives from what was signed, or else a random one; a resource that has one keeps it. */
function identified(
  resource: FhirResource,
  evidence: FiledEvidence,
  { custodian }: Entered['custody'],
  ledgerId: string,
): FhirResource {
  if (resource['id'] !== undefined) return resource;
  const signed = withSignedId(resource, evidence, { ledgerId, custodian });
  return signed['id'] === undefined ? { ...resource, id: freshBytes('consent', 16).toString('hex') } : signed;
}

/**
 * A revocation withdraws the consent and takes effect whatever else the text says, so that nothing can be in its way;
 * what else differs is not filed, and is named to whoever asks for an outcome.
 */
async function revoke(
  resource: FhirResource,
  newest: ConsentVersion,
  { headers, user }: WriteCall,
  { custody, preferences, release }: Entered,
  { pseudonymKey, transactions }: FhirWriteOptions,
): Promise<Reply> {
  const subject = release === 'r4' ? 'patient' : 'subject';
  const cleaned = withoutIdentifyingText(withoutServerMeta(resource)).resource;
  if (!isDeepStrictEqual(cleaned[subject], newest.resource[subject])) {
    throw new Refusal('consent-not-of-subject', {
      errors: [{ path: `Consent.${subject}`, message: 'is not whose consent this is' }],
    });
  }
  const isRevoked = newest.resource['status'] === 'inactive';
  if (!isRevoked) {
    const { consent } = newest;
    const witness = witnessFor(user, pseudonymKey);
    const given = evidenceOf(headers);
    const evidence = given === undefined ? byWordOfMouth(consent, witness()) : filedEvidence(given, witness);
    await withdrawConsent({ consent, evidence, reason: undefined }, custody, transactions);
  }
  const made = newestVersion(newest.consent, custody);
  const done = revokedOutcome(made, differences(cleaned, made.resource));
  return answer(made, { status: 200, location: {}, done, release, preferences });
}

function revokedOutcome({ version }: ConsentVersion, elements: readonly string[]): object {
  if (elements.length === 0) return informationOf(`Withdrawn, which is version ${version}`);
  return outcomeOf([
    {
      severity: 'warning',
      code: 'business-rule',
      details: { text: 'Withdrawn; nothing but the status was changed' },
      expression: elements,
    },
  ]);
}

function differences(one: FhirResource, other: FhirResource): string[] {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names]
    .filter((name) => !isDeepStrictEqual(one[name], other[name]))
    .map((name) => `Consent.${name}`);
}

interface Answering {
  readonly status: number;
  readonly location: Readonly<Record<string, string>>;
  /** What to say of it, for whoever prefers an outcome. */
  readonly done: object;
  readonly release: FhirRelease;
  readonly preferences: Entered['preferences'];
}

function answer(made: ConsentVersion, { status, location, done, release, preferences }: Answering): Reply {
  const headers = { ...versionHeaders(release, made), ...location };
  if (preferences.result === 'representation') return { status, headers, body: resourceOf(made) };
  if (preferences.result === 'OperationOutcome') return { status, headers, body: done };
  return { status, headers };
}

/** R5 is told by `decision`, or by a list of provisions (docs/consent.md, "Dialects"). */
function requireRelease(resource: FhirResource, release: FhirRelease): void {
  const isR5 = Object.hasOwn(resource, 'decision') || Array.isArray(resource['provision']);
  if (release === 'r4' && isR5) {
    const path = Object.hasOwn(resource, 'decision') ? 'Consent.decision' : 'Consent.provision';
    throw refusedAt(path, 'is FHIR R5: file it under /fhir/r5');
  }
  if (release === 'r5' && !isR5)
    throw refusedAt('Consent.decision', 'is missing; without it this is FHIR R4: file it under /fhir/r4');
}

/** Conditional creation is not supported, and not to heed the condition would file a second consent. */
function requireUnconditional(header: unknown): void {
  if (header === undefined) return;
  const errors = [{ path: 'header.if-none-exist', message: 'is not supported: search first' }];
  throw new Refusal('parameter-malformed', { errors });
}

function refusedAt(path: string, message: string): Refusal {
  return new Refusal('consent-refused', { errors: [{ path, message }] });
}
