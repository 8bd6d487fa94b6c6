import { z } from '@consent-ledger/chaincode/wire';
import { accessOfId, auditEventsOf, type AuditEvent } from '../exports/audit-event.js';
import type { ProjectionStore } from '../projection/store.js';
import { accessRows, cursorOf, type AccessFilter } from '../questions/access-rows.js';
import { membersOf } from '../questions/disclosures.js';
import { BadCursor, readCursor } from '../questions/parameters.js';
import { ServiceRefusal } from './service-refusal.js';

/** `[prefix]date`, a date or an instant (FHIR R4, search, 2.21.1.5.2); `eq` of a date is all of that day. */
const date = z
  .string()
  .regex(/^(eq|ge|gt|le|lt)?\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/)
  .refine((text) => !Number.isNaN(Date.parse(text.replace(/^[a-z]{2}/, ''))), 'is no date');

/** What AuditEvents are searched by; IHE BALP's Audit Record Repository asks for these (ITI-81). */
export const auditEventSearch = z.strictObject({
  patient: z
    .string()
    .regex(/^(Patient\/)?(?!\.{1,2}$)[A-Za-z0-9.-]{1,64}$/)
    .optional()
    .describe('Patient/<subject>'),
  agent: z
    .string()
    .regex(/^Organization\/[a-z0-9-]{1,63}$/)
    .optional()
    .describe('Organization/<member that asked>'),
  'agent:identifier': z
    .string()
    .regex(/^([!-{}~]{1,128}\|)?[A-Za-z0-9_-]{16,128}$/)
    .optional()
    .describe('the user, by pseudonym: [system|]value'),
  date: z
    .union([date, z.array(date).max(2)])
    .optional()
    .describe('when it was decided; repeated: both'),
  entity: z
    .string()
    .regex(/^Consent\/[A-Za-z0-9.-]{1,64}$/)
    .optional()
    .describe('Consent/<id> that spoke'),
  'entity:identifier': z
    .string()
    .regex(/^(urn:consent-ledger:record\|)?[A-Za-z0-9.-]{1,64}$/)
    .optional()
    .describe('the record: [urn:consent-ledger:record|]id'),
  outcome: z.enum(['0', '8']).optional().describe('0: permitted, 8: denied'),
  _id: z.string().max(64).optional(),
  _count: z.coerce.number().int().min(1).max(200).default(50).describe('accesses of a page'),
  _cursor: z.string().max(64).optional().describe('from the link `next` of a page'),
  _format: z.string().max(100).optional().describe('json; FHIR XML is not spoken'),
});
export type AuditEventSearch = z.output<typeof auditEventSearch>;

/** A searchset of AuditEvents. @param asked the query as it was sent, for the links */
export async function searchAuditEvents(
  store: ProjectionStore,
  search: AuditEventSearch,
  asked: URLSearchParams,
): Promise<object> {
  const members = await membersOf(store.db);
  const filter = await filterOf(store, search);
  const found =
    filter === undefined ? [] : await accessRows(store.db, filter, placeAfter(search), search._count + 1);
  const shown = found.slice(0, search._count);
  const last = shown.at(-1);
  const entries = shown
    .flatMap((row) => auditEventsOf(row, members))
    .filter(({ id }) => search._id === undefined || id === search._id);
  const link = (cursor?: string): string => {
    const parameters = new URLSearchParams(asked);
    if (cursor !== undefined) parameters.set('_cursor', cursor);
    return `AuditEvent?${parameters.toString()}`;
  };
  return {
    resourceType: 'Bundle',
    type: 'searchset',
    link: [
      { relation: 'self', url: link() },
      ...(found.length > shown.length && last !== undefined
        ? [{ relation: 'next', url: link(cursorOf(last)) }]
        : []),
    ],
    entry: entries.map((resource) => ({
      fullUrl: `AuditEvent/${resource.id}`,
      resource,
      search: { mode: 'match' },
    })),
  };
}

/** Throws a ServiceRefusal `not-found`. */
export async function readAuditEvent(store: ProjectionStore, id: string): Promise<AuditEvent> {
  const place = accessOfId(id);
  if (place === undefined) throw new ServiceRefusal('not-found');
  const rows = await accessRows(store.db, {}, [place[0], place[1] - 1], 1);
  const events = rows.flatMap((row) => (cursorOf(row) === place.join('.') ? [row] : []));
  const members = await membersOf(store.db);
  const event = events.flatMap((row) => auditEventsOf(row, members)).find((one) => one.id === id);
  if (event === undefined) throw new ServiceRefusal('not-found');
  return event;
}

function placeAfter({ _id: id, _cursor: cursor }: AuditEventSearch): readonly [number, number] | undefined {
  try {
    if (id !== undefined && cursor === undefined) {
      const place = accessOfId(id);
      return place === undefined ? [Number.MAX_SAFE_INTEGER, 0] : [place[0], place[1] - 1];
    }
    return readCursor(cursor);
  } catch (cause) {
    if (!(cause instanceof BadCursor)) throw cause;
    throw new ServiceRefusal('parameter-malformed', [{ path: 'query._cursor', message: cause.message }], {
      cause,
    });
  }
}

/** Undefined where nothing can be found. */
async function filterOf(store: ProjectionStore, search: AuditEventSearch): Promise<AccessFilter | undefined> {
  const { patient, agent, date: dates, outcome, entity } = search;
  const name = agent?.replace('Organization/', '');
  const members = await membersOf(store.db);
  const asking = [...members].find(([, member]) => member.name === name)?.[0];
  if (agent !== undefined && asking === undefined) return undefined;
  const [since, until] = periodOf(dates === undefined ? [] : [dates].flat());
  return {
    subject: patient?.replace('Patient/', ''),
    member: asking,
    user: search['agent:identifier']?.split('|').at(-1),
    record: search['entity:identifier']?.split('|').at(-1),
    consent: entity?.replace('Consent/', ''),
    outcome: outcome === undefined ? undefined : outcome === '0' ? 'permit' : 'deny',
    since,
    until,
  };
}

const DAY_MS = 86_400_000;

function periodOf(dates: readonly string[]): readonly [number | undefined, number | undefined] {
  let [since, until]: (number | undefined)[] = [undefined, undefined];
  for (const text of dates) {
    const [, prefix = 'eq', rest = ''] = /^(eq|ge|gt|le|lt)?(.+)$/.exec(text) ?? [];
    const start = Date.parse(rest);
    // A date is the whole day, an instant its millisecond.
    const end = start + (rest.length === 10 ? DAY_MS : 1);
    if (prefix === 'eq' || prefix === 'ge') since = Math.max(since ?? start, start);
    if (prefix === 'gt') since = Math.max(since ?? end, end);
    if (prefix === 'eq' || prefix === 'le') until = Math.min(until ?? end, end);
    if (prefix === 'lt') until = Math.min(until ?? start, start);
  }
  return [since, until];
}
