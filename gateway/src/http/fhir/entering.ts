import type { FhirRelease } from '../../ports/consent-index.js';
import type { Problem } from '@consent-ledger/chaincode/domain';
import type { CustodyView } from '../../usecases/custody-view.js';
import { Refusal } from '../../usecases/refusal.js';
import { custodyFor, type PeopleOptions } from '../operations/people.js';
import { requireJson } from './negotiate.js';
import { preferencesOf, type Preferences } from './prefer.js';

/** What every interaction of FHIR begins with. */
export interface Entered {
  readonly release: FhirRelease;
  /** Address that resources are under, without a slash at the end. */
  readonly base: string;
  readonly custody: CustodyView;
  readonly preferences: Preferences;
  /** Parameters that nobody knows, and that were left out. */
  readonly ignored: readonly string[];
}

export interface FhirOptions extends PeopleOptions {
  /** Address of this gateway. */
  readonly address: string;
}

interface FhirCall {
  readonly params: { readonly release: FhirRelease };
  readonly query: Readonly<Record<string, unknown>> & {
    readonly _format?: string | undefined;
    readonly custodian?: string | undefined;
  };
  readonly headers: { readonly prefer?: string | undefined };
  readonly request: { readonly headers: { readonly accept?: string | undefined } };
}

const COMMON = ['_format', '_pretty', 'custodian'];

/** Throws a Refusal: `not-acceptable`, `custodian-unknown`, `parameter-malformed` for what is not known, if that is asked for. */
export function enter(call: FhirCall, known: readonly string[], options: FhirOptions): Entered {
  const { release } = call.params;
  requireJson(release, call.query._format, call.request.headers.accept);
  const preferences = preferencesOf(call.headers.prefer);
  const ignored = Object.keys(call.query).filter((name) => !COMMON.includes(name) && !known.includes(name));
  requireUnderstood(ignored, known, preferences);
  const base = baseOf(release, options);
  return { release, base, preferences, ignored, custody: custodyFor(call.query.custodian, options) };
}

export function baseOf(release: FhirRelease, { address }: Pick<FhirOptions, 'address'>): string {
  return `${address.replace(/\/$/, '')}/fhir/${release}`;
}

/**
 * A modifier or a chain changes what a known parameter means, and leaving it out would find more than was asked for:
 * always refused. What is not known at all is left out, unless that is forbidden (R4 and R5, 3.1.1.1 and 3.2.1.5.2).
 */
function requireUnderstood(
  names: readonly string[],
  known: readonly string[],
  { isStrict }: Preferences,
): void {
  const errors: Problem[] = names.flatMap((name) => {
    const isModified = known.includes(name.split(/[:.]/, 1)[0] ?? '');
    if (!isModified && !isStrict) return [];
    const message = isModified ? 'has a modifier or a chain that is not supported' : 'is not supported';
    return [{ path: `query.${nameToShow(name)}`, message }];
  });
  if (errors.length > 0) throw new Refusal('parameter-malformed', { errors });
}

/** What looks like the name of a parameter may be told; anything else could hold anything. */
export function nameToShow(name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_:.-]{0,39}$/.test(name) ? name : '(unreadable)';
}
