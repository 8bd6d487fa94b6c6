import type { CompiledPolicy } from '../policy.js';
import type { Problem } from '../problem.js';
import { isObject } from '../shape.js';
import type { FhirVersion } from './elements.js';
import { readR4Body } from './r4.js';
import { readR5Body } from './r5.js';
import { Reader, type Json } from './reader.js';
import { isOfStudyExtensions, readStudy } from './study.js';
import { ACKNOWLEDGES, SUPERSEDES, SYSTEMS } from './systems.js';

export interface CompileOptions {
  /** URIs of the systems whose purposes the consortium has registered. */
  readonly purposeSystems?: readonly string[];
}

const STATUSES: Readonly<Record<FhirVersion, readonly string[]>> = {
  r4: ['draft', 'proposed', 'active', 'rejected', 'inactive', 'entered-in-error'],
  r5: ['draft', 'active', 'inactive', 'not-done', 'entered-in-error', 'unknown'],
};

/**
 * Compiles a FHIR Consent (R4 core, R4 with the PCF profiles, R5) into a policy that `decide` evaluates. What
 * is not understood is refused, naming the element by FHIRPath, whatever the consent's status.
 */
export function compileConsent(
  fhir: unknown,
  { purposeSystems = [] }: CompileOptions = {},
):
  | { readonly ok: true; readonly policy: CompiledPolicy }
  | { readonly ok: false; readonly problems: readonly Problem[] } {
  if (!isObject(fhir)) return refusal('Consent', 'must be an object');
  if (fhir['resourceType'] !== 'Consent') {
    return refusal('Consent.resourceType', 'must be Consent');
  }
  // R5 is told by `decision`, or by a list of provisions (docs/consent.md, "Dialects").
  const version = Object.hasOwn(fhir, 'decision') || Array.isArray(fhir['provision']) ? 'r5' : 'r4';
  const reader = new Reader(version);
  const policy = readConsent(reader, version, fhir, purposeSystems);
  if (reader.problems.length > 0) return { ok: false, problems: reader.problems };
  // Without a problem everything has been read.
  return policy === undefined ? refusal('Consent', 'could not be read') : { ok: true, policy };
}

function readConsent(
  reader: Reader,
  version: FhirVersion,
  fhir: Json,
  purposeSystems: readonly string[],
): CompiledPolicy | undefined {
  const consent = reader.backbone(fhir, 'Consent', 'Consent');
  if (consent === undefined) return undefined;
  const id = reader.id(consent['id'], 'Consent.id');
  const status = reader.code(consent['status'], 'Consent.status', STATUSES[version]);
  const subject = readSubject(reader, consent, version === 'r4' ? 'patient' : 'subject');
  const scope = version === 'r4' ? readScope(reader, consent) : readCategory(reader, consent);
  const { supersedes, acknowledges } = readNamedConsents(reader, consent);
  const study = readStudy(reader, consent);
  if (study !== undefined && scope === 'privacy') {
    reader.refuse('Consent.scope', "must be research: it is a study's consent");
  }
  const read = version === 'r4' ? readR4Body : readR5Body;
  const body = read(reader, consent, purposeSystems);
  if (id === undefined || status === undefined || subject === undefined) return undefined;
  if (scope === undefined || body === undefined) return undefined;
  const { dialect, base, basePath, period, coverage, exceptions } = body;
  return {
    policyVersion: 1,
    id,
    status,
    subject,
    dialect,
    scope,
    base,
    basePath,
    ...(period === undefined ? {} : { period }),
    coverage,
    exceptions,
    supersedes,
    ...(study === undefined ? {} : { study }),
    ...(acknowledges.length === 0 ? {} : { acknowledges }),
  };
}

function readSubject(reader: Reader, consent: Json, key: 'patient' | 'subject'): string | undefined {
  const path = `Consent.${key}`;
  if (!Object.hasOwn(consent, key)) {
    reader.refuse(path, 'is missing: whose consent it is');
    return undefined;
  }
  const target = reader.reference(consent[key], path);
  if (target === undefined) return undefined;
  if (target.type === undefined || target.type === 'Patient') return target.reference;
  reader.refuse(path, 'must be a patient: only consents of patients are decided on');
  return undefined;
}

/** R4: one scope, privacy or research. */
function readScope(reader: Reader, consent: Json): CompiledPolicy['scope'] | undefined {
  const path = 'Consent.scope';
  if (!Object.hasOwn(consent, 'scope')) {
    reader.refuse(path, 'is missing');
    return undefined;
  }
  const found = new Set<CompiledPolicy['scope']>();
  for (const { value, path: at } of reader.concept(consent['scope'], path)) {
    const { system, code } = value;
    if (system === SYSTEMS.scope && code === 'patient-privacy') found.add('privacy');
    else if (system === SYSTEMS.scope && code === 'research') found.add('research');
    else reader.refuse(at, `must be patient-privacy or research of ${SYSTEMS.scope}`);
  }
  if (found.size > 1) {
    refuseTwoScopes(reader, path);
    return undefined;
  }
  return [...found][0];
}

/** R5 has no scope: a category says that a consent is about research; all other categories are carried. */
function readCategory(reader: Reader, consent: Json): CompiledPolicy['scope'] | undefined {
  const path = 'Consent.category';
  const found = new Set<string>();
  for (const { value, path: at } of reader.entries(consent, 'Consent', 'category')) {
    for (const coding of reader.codingsIfAny(value, at)) {
      if (coding.value.system !== SYSTEMS.scope) continue;
      found.add(coding.value.code);
      if (!['patient-privacy', 'research'].includes(coding.value.code)) {
        reader.refuse(coding.path, 'is a scope that is not decided on: patient-privacy or research');
      }
    }
  }
  if (found.has('research') && found.has('patient-privacy')) {
    refuseTwoScopes(reader, path);
    return undefined;
  }
  return found.has('research') ? 'research' : 'privacy';
}

function refuseTwoScopes(reader: Reader, path: string): void {
  reader.refuse(path, 'names two scopes at once', [
    'it speaks about research only',
    'it speaks about all purposes',
  ]);
}

/** Ids of other consents that extensions of the root name; all other extensions are carried. */
function readNamedConsents(
  reader: Reader,
  consent: Json,
): { readonly supersedes: readonly string[]; readonly acknowledges: readonly string[] } {
  const named = { [SUPERSEDES]: new Set<string>(), [ACKNOWLEDGES]: new Set<string>() };
  for (const { value, path } of reader.entries(consent, 'Consent', 'extension')) {
    if (!isObject(value) || typeof value['url'] !== 'string') {
      reader.refuse(path, 'must be an extension, with its url');
      continue;
    }
    const { url } = value;
    if (isOfStudyExtensions(url)) continue;
    if (url !== SUPERSEDES && url !== ACKNOWLEDGES) {
      reader.carried(value, path);
      continue;
    }
    for (const key of Object.keys(value)) {
      if (!['id', 'url', 'valueReference'].includes(key)) {
        reader.refuse(`${path}.${key}`, 'is not understood beside the consent that is named');
      }
    }
    const target = reader.reference(value['valueReference'], `${path}.valueReference`);
    if (target === undefined) continue;
    const id = /^Consent\/([^/]+)$/.exec(target.reference)?.[1];
    if (id === undefined) reader.refuse(`${path}.valueReference`, 'must name a consent: Consent/[id]');
    else named[url].add(id);
  }
  return { supersedes: [...named[SUPERSEDES]], acknowledges: [...named[ACKNOWLEDGES]] };
}

function refusal(path: string, message: string): { ok: false; problems: readonly Problem[] } {
  return { ok: false, problems: [{ path, message }] };
}
