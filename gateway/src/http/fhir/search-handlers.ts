import { fhirSearchQuery, FORM_MEDIA_TYPE, type FhirSearchQuery } from '@consent-ledger/chaincode/wire/http';
import type { IncomingMessage } from 'node:http';
import { newestVersion } from '../../usecases/consent-versions.js';
import { Refusal } from '../../usecases/refusal.js';
import type { HandlersOf, Reply } from '../handlers.js';
import { readBytes } from '../json-body.js';
import { refusalOfInput } from '../problems.js';
import { searchBundle } from './bundles.js';
import { replyWith } from './consent-resource.js';
import { enter, nameToShow, type Entered } from './entering.js';
import { outcomeOf } from './outcome.js';
import { urlOf, type FhirReadOptions } from './read-handlers.js';
import { criteriaOf, SEARCHED, type Asked } from './search-parameters.js';

const PAGE = 50;
const FORM_BYTES = 64 * 1024;
const CONTROLS = ['_count', '_summary', '_total', '_cursor'];

/** Searches, by GET and by POST (ITI-108 asks for both). */
export function fhirSearchHandlers(options: FhirReadOptions): HandlersOf<'fhirSearch' | 'fhirSearchForm'> {
  const run = (call: Parameters<typeof enter>[0] & { readonly query: FhirSearchQuery }): Reply => {
    const known = [...SEARCHED, ...CONTROLS];
    return search(call.query, enter(call, known, options), options);
  };
  return {
    fhirSearch: (call) => Promise.resolve(run(call)),
    fhirSearchForm: async (call) => {
      const form = await formOf(call.body);
      const parsed = fhirSearchQuery.safeParse(mergedWith(form, call.query));
      if (!parsed.success) throw refusalOfInput(parsed.error, 'query');
      return run({ ...call, query: parsed.data });
    },
  };
}

function search(query: FhirSearchQuery, entered: Entered, { consents, cursors }: FhirReadOptions): Reply {
  const { base, custody, ignored, release } = entered;
  const { collection } = custody;
  const place = `search ${release} ${collection}`;
  const given = askedOf(query);
  if (query._cursor !== undefined && given.length > 0) {
    const errors = [
      { path: 'query._cursor', message: 'holds the whole search and takes no other parameter' },
    ];
    throw new Refusal('parameter-malformed', { errors });
  }
  const { asked, after } =
    query._cursor === undefined ? { asked: given, after: undefined } : cursors.open(query._cursor, place);
  const criteria = asked.filter(([name]) => SEARCHED.includes(name));
  const filter = { ...criteriaOf(criteria, base), collection, release };
  const isCount = asked.some(([name, value]) => name === '_summary' && value === 'count');
  const count = isCount ? 0 : Number(asked.find(([name]) => name === '_count')?.[1] ?? PAGE);

  // One more than is shown tells whether there is another page.
  const rows = count === 0 ? [] : consents.search(filter, after, count + 1);
  const shown = rows.slice(0, count);
  const last = shown.at(-1)?.consent;
  const custodian: Asked = query.custodian === undefined ? [] : [['custodian', query.custodian]];
  const address = `${base}/Consent`;
  const next = (from: string): string =>
    cursors.seal({ asked: asked.map(([n, v]) => [n, v]), after: from }, place);
  const links = {
    self: urlOf(address, [
      ...(query._cursor === undefined ? asked : [['_cursor', query._cursor] as const]),
      ...custodian,
    ]),
    ...(rows.length > count && last !== undefined
      ? { next: urlOf(address, [['_cursor', next(last)], ...custodian]) }
      : {}),
  };
  const found = shown.map(({ consent }) => newestVersion(consent, custody));
  return replyWith(
    release,
    searchBundle(base, found, { total: consents.count(filter), links, warnings: warningsOf(ignored) }),
  );
}

/** What was asked for, in one order whatever the order of the parameters. */
function askedOf(query: FhirSearchQuery): Asked {
  const searched = SEARCHED.flatMap((name) => {
    const value = query[name];
    const values = Array.isArray(value) ? value : [value];
    return values.filter((one) => typeof one === 'string').map((one) => [name, one] as const);
  });
  return [
    ...searched,
    ...(query._count === undefined ? [] : [['_count', `${query._count}`] as const]),
    ...(query._summary === undefined ? [] : [['_summary', query._summary] as const]),
  ];
}

/** Parameters that were left out, as FHIR lets a server say it: an entry of the bundle that is no match. */
function warningsOf(ignored: readonly string[]): object | undefined {
  if (ignored.length === 0) return undefined;
  return outcomeOf(
    ignored.map((name) => ({
      severity: 'warning',
      code: 'not-supported',
      details: { text: 'The parameter is not supported and was left out' },
      location: [`http.${nameToShow(name)}`],
    })),
  );
}

async function formOf(request: IncomingMessage): Promise<URLSearchParams> {
  const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  const isPlain = (request.headers['content-encoding'] ?? 'identity') === 'identity';
  if (mediaType !== FORM_MEDIA_TYPE || !isPlain) throw new Refusal('media-type-unsupported');
  return new URLSearchParams((await readBytes(request, FORM_BYTES)).toString('utf8'));
}

/** A parameter may stand in the address and in the body; both count. */
function mergedWith(form: URLSearchParams, query: FhirSearchQuery): Record<string, unknown> {
  const merged = new Map<string, unknown>(Object.entries(query));
  for (const name of new Set(form.keys())) {
    const before = merged.get(name);
    const values = [...(before === undefined ? [] : [before].flat()), ...form.getAll(name)];
    merged.set(name, values.length === 1 ? values[0] : values);
  }
  return Object.fromEntries(merged);
}
