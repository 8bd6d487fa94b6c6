import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type {
  ConsentFilter,
  ConsentIndex,
  DateCriterion,
  FhirRelease,
  IndexedConsent,
  Term,
} from '../../ports/consent-index.js';

interface Condition {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

/** Status and time of the newest version; a withdrawal is one more version, and the last. */
const STATUS = `CASE WHEN w.at IS NULL THEN c.status ELSE 'inactive' END`;
const UPDATED = 'coalesce(w.at, c.filed_at)';

export function openConsentIndex(database: DatabaseSync): ConsentIndex {
  const find = database.prepare(
    'SELECT consent, subject, version, release FROM consent WHERE collection = ? AND consent = ?',
  );
  return {
    find: (collection, consent) =>
      find.get(collection, consent) as (IndexedConsent & { release: FhirRelease }) | undefined,
    search(filter, after, limit) {
      const conditions = [...conditionsOf(filter)];
      if (after !== undefined) conditions.push({ sql: 'c.consent > ?', values: [after] });
      const { sql, values } = allOf(conditions);
      const statement = database.prepare(
        `SELECT c.consent, c.subject, c.version ${FROM} WHERE ${sql} ORDER BY c.consent LIMIT ?`,
      );
      return statement.all(...values, limit) as unknown as IndexedConsent[];
    },
    count(filter) {
      const { sql, values } = allOf(conditionsOf(filter));
      const row = database.prepare(`SELECT count(*) AS found ${FROM} WHERE ${sql}`).get(...values);
      return (row as unknown as { readonly found: number }).found;
    },
  };
}

const FROM =
  'FROM consent c LEFT JOIN consent_withdrawal w ON w.collection = c.collection AND w.consent = c.consent';

function conditionsOf(filter: ConsentFilter): Condition[] {
  const { collection, release, ids, subjects, statuses, actors, purposes, periods, updated } = filter;
  return [
    { sql: 'c.collection = ?', values: [collection] },
    { sql: 'c.release = ?', values: [release] },
    ...ids.map((list) => oneOf('c.consent', list)),
    ...subjects.map((list) => oneOf('c.subject', list)),
    ...statuses.map((list) => oneOf(STATUS, list)),
    ...actors.map((list) => anyOf(list.map((term) => named('actor', term)))),
    ...purposes.map((list) => anyOf(list.map((term) => named('purpose', term)))),
    ...periods.map((list) =>
      anyOf(list.map((date) => spanCondition('c.period_from', 'c.period_until', date))),
    ),
    ...updated.map((list) => anyOf(list.map((date) => spanCondition(UPDATED, `(${UPDATED} + 1)`, date)))),
  ];
}

function oneOf(column: string, values: readonly string[]): Condition {
  return { sql: `${column} IN (${values.map(() => '?').join(', ')})`, values };
}

function named(kind: 'actor' | 'purpose', { qualifier, value }: Term): Condition {
  const { sql, values } = allOf([
    { sql: 't.kind = ?', values: [kind] },
    ...(value === undefined ? [] : [{ sql: 't.value = ?', values: [value] }]),
    ...(qualifier === undefined ? [] : [{ sql: 't.qualifier = ?', values: [qualifier] }]),
  ]);
  const from = 'FROM consent_term t WHERE t.collection = c.collection AND t.consent = c.consent';
  return { sql: `EXISTS (SELECT 1 ${from} AND ${sql})`, values };
}

/**
 * How a date that is searched compares with a period (FHIR R4 and R5, 3.1.1.5.2 "date"). A period with an open end goes on
 * for ever; what has no period at all is found by no date. A period that reaches into the date is `ge` and `le` it.
 */
function spanCondition(from: string, until: string, { prefix, from: a, until: b }: DateCriterion): Condition {
  const within: Condition = { sql: `(${from} >= ? AND ${until} <= ?)`, values: [a, b] };
  switch (prefix) {
    case 'eq':
      return within;
    case 'ne':
      return { sql: `(${from} IS NOT NULL AND NOT ${within.sql})`, values: within.values };
    case 'gt':
      return { sql: `${until} > ?`, values: [b] };
    case 'lt':
      return { sql: `${from} < ?`, values: [a] };
    case 'ge':
      return { sql: `${until} > ?`, values: [a] };
    case 'le':
      return { sql: `${from} < ?`, values: [b] };
    case 'sa':
      return { sql: `${from} >= ?`, values: [b] };
    case 'eb':
      return { sql: `${until} <= ?`, values: [a] };
    case 'ap':
      return { sql: `(${from} < ? AND ${until} > ?)`, values: [b, a] };
  }
}

function allOf(conditions: readonly Condition[]): Condition {
  return joined(conditions, ' AND ');
}

function anyOf(conditions: readonly Condition[]): Condition {
  const { sql, values } = joined(conditions, ' OR ');
  return { sql: `(${sql})`, values };
}

function joined(conditions: readonly Condition[], word: string): Condition {
  return {
    sql: conditions.map(({ sql }) => sql).join(word),
    values: conditions.flatMap(({ values }) => values),
  };
}
