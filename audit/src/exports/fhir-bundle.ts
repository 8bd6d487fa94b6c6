import type { Kysely } from 'kysely';
import type { Tables } from '../projection/tables.js';
import { accessRows, type AccessFilter } from '../questions/access-rows.js';
import { membersOf } from '../questions/disclosures.js';
import { auditEventsOf } from './audit-event.js';

const ROWS = 500;

/** A FHIR R4 Bundle (collection) of AuditEvents, in constant memory. */
export async function* bundleOf(db: Kysely<Tables>, filter: AccessFilter, now: Date): AsyncGenerator<string> {
  const members = await membersOf(db);
  yield `{"resourceType":"Bundle","type":"collection","timestamp":"${now.toISOString()}","entry":[`;
  let after: readonly [number, number] | undefined;
  let isFirst = true;
  do {
    const rows = await accessRows(db, filter, after, ROWS);
    for (const resource of rows.flatMap((row) => auditEventsOf(row, members))) {
      yield `${isFirst ? '' : ','}\n${JSON.stringify({ fullUrl: `urn:consent-ledger:audit-event:${resource.id}`, resource })}`;
      isFirst = false;
    }
    const last = rows.length === ROWS ? rows.at(-1) : undefined;
    after = last === undefined ? undefined : [last.position, last.place];
  } while (after !== undefined);
  yield '\n]}\n';
}
