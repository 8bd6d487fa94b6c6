import type { CompiledProvision, Criteria, Dialect, Interval, ProvisionKind } from '../policy.js';
import { readExceptions } from './exceptions.js';
import { readCriteria } from './provision.js';
import type { Json, Reader } from './reader.js';
import { SYSTEMS } from './systems.js';

/** What the dialects differ in: how a consent states its base, coverage, period and exceptions. */
export interface Body {
  readonly dialect: Dialect;
  readonly base: ProvisionKind;
  readonly basePath: string;
  readonly period: Interval | undefined;
  readonly coverage: Criteria;
  readonly exceptions: readonly CompiledProvision[];
}

const KINDS = ['permit', 'deny'] as const;
const ROOT = 'Consent.provision';
const CORE_ROOT_ELEMENTS: ReadonlySet<string> = new Set(['id', 'extension', 'period', 'provision']);
const POLICY_RULES: ReadonlyMap<string, ProvisionKind> = new Map([
  ['OPTIN', 'permit'],
  ['OPTINR', 'permit'],
  ['OPTOUT', 'deny'],
  ['OPTOUTE', 'deny'],
]);

/** R4: PCF where the root provision has a type, core otherwise. */
export function readR4Body(
  reader: Reader,
  consent: Json,
  purposeSystems: readonly string[],
): Body | undefined {
  const root = Object.hasOwn(consent, 'provision')
    ? reader.backbone(consent['provision'], ROOT, ROOT)
    : undefined;
  return root !== undefined && Object.hasOwn(root, 'type')
    ? readPcf(reader, consent, root, purposeSystems)
    : readCore(reader, consent, root ?? {}, purposeSystems);
}

/** IHE PCF: the root provision is the coverage; its exceptions have no exceptions of their own. */
function readPcf(
  reader: Reader,
  consent: Json,
  root: Json,
  purposeSystems: readonly string[],
): Body | undefined {
  const base = readType(reader, root, ROOT);
  if (base === undefined) return undefined;
  refuseOppositeRule(reader, consent, base);
  const coverage = readCriteria(reader, root, ROOT, base, purposeSystems);
  return {
    dialect: 'r4-pcf',
    base,
    basePath: ROOT,
    period: readPeriod(reader, root),
    coverage,
    exceptions: readExceptions(reader, root, ROOT, base, {
      purposeSystems,
      levels: 1,
      kindOf: (provision, path) => readType(reader, provision, path),
      // A permit takes from the root what it does not state, read as it reads there; a deny takes nothing.
      complete: (stated, kind) => (kind === 'permit' ? { ...coverage, ...stated } : stated),
    }),
  };
}

/** R4 core: `policyRule` is the base, and the root provision carries a period and exceptions, nothing else. */
function readCore(
  reader: Reader,
  consent: Json,
  root: Json,
  purposeSystems: readonly string[],
): Body | undefined {
  for (const key of Object.keys(root)) {
    if (CORE_ROOT_ELEMENTS.has(key) || CORE_ROOT_ELEMENTS.has(key.replace(/^_/, ''))) continue;
    reader.refuse(`${ROOT}.${key}`, 'stands in a root provision without type', [
      'the root is an exception to policyRule: what it states is decided the other way',
      'the root is the scope of policyRule: what it does not state is not decided',
    ]);
  }
  const base = readPolicyRule(reader, consent);
  if (base === undefined) return undefined;
  return {
    dialect: 'r4-core',
    base,
    basePath: 'Consent.policyRule',
    period: readPeriod(reader, root),
    coverage: {},
    exceptions: readExceptions(reader, root, ROOT, base, {
      purposeSystems,
      kindOf: (provision, path) => readType(reader, provision, path),
      complete: (stated) => stated,
    }),
  };
}

function readType(reader: Reader, provision: Json, path: string): ProvisionKind | undefined {
  if (!Object.hasOwn(provision, 'type')) {
    reader.refuse(`${path}.type`, 'is missing', [
      'a permit, where the consent denies',
      'a deny, where the consent permits',
    ]);
    return undefined;
  }
  return reader.code(provision['type'], `${path}.type`, KINDS);
}

function readPeriod(reader: Reader, root: Json): Interval | undefined {
  return Object.hasOwn(root, 'period') ? reader.period(root['period'], `${ROOT}.period`) : undefined;
}

function readPolicyRule(reader: Reader, consent: Json): ProvisionKind | undefined {
  const path = 'Consent.policyRule';
  if (!Object.hasOwn(consent, 'policyRule')) {
    reader.refuse(path, 'is missing: neither it nor Consent.provision.type says permit or deny');
    return undefined;
  }
  const found = new Set<ProvisionKind>();
  for (const { value, path: at } of reader.concept(consent['policyRule'], path)) {
    const kind = value.system === SYSTEMS.actCode ? POLICY_RULES.get(value.code) : undefined;
    if (kind !== undefined) found.add(kind);
    else reader.refuse(at, `is none of ${[...POLICY_RULES.keys()].join(', ')} of ${SYSTEMS.actCode}`);
  }
  if (found.size > 1) {
    reader.refuse(path, 'says both', [...KINDS]);
    return undefined;
  }
  return [...found][0];
}

/** Beside a typed root `policyRule` has no effect, but it may not say the opposite. */
function refuseOppositeRule(reader: Reader, consent: Json, base: ProvisionKind): void {
  if (!Object.hasOwn(consent, 'policyRule')) return;
  const rule = consent['policyRule'];
  const codings = reader.codingsIfAny(rule, 'Consent.policyRule');
  for (const { value, path } of codings) {
    const kind = value.system === SYSTEMS.actCode ? POLICY_RULES.get(value.code) : undefined;
    if (kind === undefined || kind === base) continue;
    reader.refuse(path, 'says the opposite of Consent.provision.type', [
      `the consent is a ${base}, as its root provision says`,
      `the consent is a ${kind}, as its policyRule says`,
    ]);
  }
}
