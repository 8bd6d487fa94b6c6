import type { FhirRelease, ConsentIndex } from '../../ports/consent-index.js';
import { parseInstant } from '@consent-ledger/chaincode/domain';
import { newestVersion, versionAt, type ConsentVersion } from '../../usecases/consent-versions.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import { Refusal } from '../../usecases/refusal.js';
import type { HandlersOf, Reply } from '../handlers.js';
import { historyBundle } from './bundles.js';
import { capabilityStatement } from './capability-statement.js';
import { replyWith, resourceOf, versionHeaders } from './consent-resource.js';
import type { Cursors } from './cursor.js';
import { baseOf, enter, type Entered, type FhirOptions } from './entering.js';
import { tagsMatch } from './entity-tags.js';
import { requireJson } from './negotiate.js';

export interface FhirReadOptions extends FhirOptions {
  readonly consents: ConsentIndex;
  readonly cursors: Cursors;
  /** Of the member whose gateway this is. */
  readonly description: string;
}

const PAGE = 50;

/** What there is, one consent, and its versions. */
export function fhirReadHandlers(
  options: FhirReadOptions,
): HandlersOf<'fhirMetadata' | 'fhirRead' | 'fhirVersion' | 'fhirHistory'> {
  const { consents, cursors, description } = options;
  return {
    fhirMetadata: ({ params: { release }, query, request }) => {
      requireJson(release, query._format, request.headers.accept);
      return Promise.resolve(
        replyWith(release, capabilityStatement(release, baseOf(release, options), description)),
      );
    },
    fhirRead: (call) => {
      const { release, custody } = enter(call, [], options);
      requireFiled(consents, custody, call.params.id, release);
      const version = newestVersion(call.params.id, custody);
      return Promise.resolve(answerWith(version, release, call.headers['if-none-match']));
    },
    fhirVersion: (call) => {
      const { release, custody } = enter(call, [], options);
      requireFiled(consents, custody, call.params.id, release);
      const version = versionAt(call.params.id, call.params.version, custody);
      if (version === undefined) throw new Refusal('not-found');
      return Promise.resolve(answerWith(version, release, call.headers['if-none-match']));
    },
    fhirHistory: (call) => {
      const entered = enter(call, ['_count', '_since', '_cursor'], options);
      requireFiled(consents, entered.custody, call.params.id, entered.release);
      return Promise.resolve(history(call.params.id, call.query, entered, cursors));
    },
  };
}

/** Throws a Refusal `consent-unknown` where no such consent is filed in this version of FHIR. */
function requireFiled(
  consents: ConsentIndex,
  custody: CustodyView,
  consent: string,
  release: FhirRelease,
): void {
  if (consents.find(custody.collection, consent)?.release !== release) throw new Refusal('consent-unknown');
}

function answerWith(version: ConsentVersion, release: FhirRelease, noneMatch: string | undefined): Reply {
  const headers = versionHeaders(release, version);
  if (noneMatch === undefined || !tagsMatch(noneMatch, version.version))
    return { headers, body: resourceOf(version) };
  const { ETag = '' } = headers;
  return { status: 304, headers: { ETag } };
}

interface HistoryQuery {
  readonly _count?: number | undefined;
  readonly _since?: string | undefined;
  readonly _cursor?: string | undefined;
  readonly custodian?: string | undefined;
}

function history(consent: string, query: HistoryQuery, entered: Entered, cursors: Cursors): Reply {
  const { base, custody, release } = entered;
  const place = `history ${release} ${custody.collection} ${consent}`;
  const given: [string, string][] = [
    ...(query._count === undefined ? [] : [['_count', `${query._count}`] as [string, string]]),
    ...(query._since === undefined ? [] : [['_since', query._since] as [string, string]]),
  ];
  const { asked, after } =
    query._cursor === undefined ? { asked: given, after: undefined } : cursors.open(query._cursor, place);
  const count = Number(asked.find(([name]) => name === '_count')?.[1] ?? PAGE);
  const since = sinceOf(asked.find(([name]) => name === '_since')?.[1]);

  const newest = newestVersion(consent, custody).version;
  const oldest = oldestSince(consent, newest, since, custody);
  const from = after === undefined ? newest : Number(after) - 1;
  const versions: ConsentVersion[] = [];
  for (let number = from; number >= oldest && versions.length < count; number -= 1) {
    const version = versionAt(consent, number, custody);
    if (version !== undefined) versions.push(version);
  }
  const last = versions.at(-1)?.version ?? 0;
  const address = `${base}/Consent/${consent}/_history`;
  const custodian: [string, string][] = query.custodian === undefined ? [] : [['custodian', query.custodian]];
  const self: [string, string][] = query._cursor === undefined ? asked : [['_cursor', query._cursor]];
  const links = {
    self: urlOf(address, [...self, ...custodian]),
    ...(count > 0 && last > oldest
      ? {
          next: urlOf(address, [['_cursor', cursors.seal({ asked, after: `${last}` }, place)], ...custodian]),
        }
      : {}),
  };
  return replyWith(release, historyBundle(base, versions, newest - oldest + 1, links));
}

function sinceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const since = parseInstant(text.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (since !== undefined) return since;
  throw new Refusal('parameter-malformed', {
    errors: [{ path: 'query._since', message: 'must be a FHIR instant' }],
  });
}

/** Number of the first version that is not older than `since`; versions are in the order of time. */
function oldestSince(
  consent: string,
  newest: number,
  since: number | undefined,
  custody: CustodyView,
): number {
  if (since === undefined) return 1;
  let oldest = newest + 1;
  while (oldest > 1) {
    const version = versionAt(consent, oldest - 1, custody);
    if (version === undefined || Date.parse(version.at) < since) break;
    oldest -= 1;
  }
  return oldest;
}

export function urlOf(address: string, asked: readonly (readonly [string, string])[]): string {
  const query = new URLSearchParams(asked.map(([name, value]): [string, string] => [name, value])).toString();
  return query === '' ? address : `${address}?${query}`;
}
