import type { DatabaseSync } from 'node:sqlite';
import type { Emergency, FollowUps } from '../../ports/follow-ups.js';
import type { EventEntry } from '../../ports/projection.js';

interface EmergencyRow {
  readonly collection: string;
  readonly event: string;
  readonly reviewBy: number;
  readonly review: Uint8Array | null;
  readonly transaction: string;
  readonly block: number;
}

interface UnsettledRow {
  readonly id: number;
  readonly collection: string;
  readonly key: string;
}

const EMERGENCIES = `
  SELECT m.collection, m.event, m.review_by AS reviewBy, r.value AS review,
    r.transaction_id AS "transaction", r.block
  FROM emergency m
    JOIN event e ON e.collection = m.collection AND e.key = m.event
    LEFT JOIN review r ON r.collection = m.collection AND r.event = m.event`;

/** Reads what the folder of follow-ups wrote. `entryOf` finds an event that is there. */
export function openFollowUps(
  database: DatabaseSync,
  entryOf: (collection: string, event: string) => EventEntry,
): FollowUps {
  const one = database.prepare(`${EMERGENCIES} WHERE m.collection = ? AND m.event = ?`);
  const counts = database.prepare(`
    SELECT count(*) AS open, coalesce(sum(m.review_by <= ?), 0) AS overdue
    FROM emergency m LEFT JOIN review r ON r.collection = m.collection AND r.event = m.event
    WHERE r.event IS NULL`);
  const unsettledCount = database.prepare('SELECT count(*) AS "count" FROM unsettled WHERE at < ?');
  const recordsOf = database.prepare('SELECT record FROM unsettled WHERE event = ? ORDER BY record');
  const emergencyOf = ({
    collection,
    event,
    reviewBy,
    review,
    transaction,
    block,
  }: EmergencyRow): Emergency => ({
    entry: entryOf(collection, event),
    reviewBy,
    ...(review === null ? {} : { review: { value: Buffer.from(review), transaction, block } }),
  });

  return {
    emergencies({ collections, status, now, after, limit }) {
      const sql = `${EMERGENCIES}
        WHERE m.collection IN (${places(collections)}) AND e.position > ?
          AND ${status === 'reviewed' ? 'r.event IS NOT NULL' : 'r.event IS NULL'}
          AND (? <> 'overdue' OR m.review_by <= ?)
        ORDER BY e.position LIMIT ?`;
      const rows = database.prepare(sql).all(...collections, after ?? '', status, now, limit);
      return (rows as unknown as EmergencyRow[]).map(emergencyOf);
    },
    emergency(collection, event) {
      const row = one.get(collection, event) as EmergencyRow | undefined;
      return row === undefined ? undefined : emergencyOf(row);
    },
    openReviews: (now) => counts.get(now) as { open: number; overdue: number },
    unsettled({ collections, before, after, limit }) {
      const sql = `SELECT e.id, e.collection, e.key FROM event e
        WHERE e.collection IN (${places(collections)}) AND e.position > ?
          AND e.id IN (SELECT event FROM unsettled WHERE at < ?)
        ORDER BY e.position LIMIT ?`;
      const rows = database.prepare(sql).all(...collections, after ?? '', before, limit);
      return (rows as unknown as UnsettledRow[]).map(({ id, collection, key }) => ({
        entry: entryOf(collection, key),
        records: (recordsOf.all(id) as unknown as { readonly record: string }[]).map(({ record }) => record),
      }));
    },
    unsettledCount: (before) => (unsettledCount.get(before) as { count: number }).count,
  };
}

function places(values: readonly string[]): string {
  return values.map(() => '?').join(', ');
}
