import type { DatabaseSync } from 'node:sqlite';
import type {
  ParticipationChangeRow,
  ParticipationCount,
  ParticipationRow,
  TouchedParticipant,
  Trials,
} from '../../ports/trials.js';

const COLUMNS = `site, person, status, protocol, evidence, choices, collected, at, transaction_id AS "transaction", block`;

/** Reads what the folder of studies wrote. */
export function openTrials(database: DatabaseSync): Trials {
  const touched = database.prepare(
    'SELECT study, subject, block FROM touched WHERE site = ? AND block >= ? ORDER BY block',
  );
  const counts = database.prepare(`
    SELECT site, nullif(protocol, '') AS protocol, status, count FROM participation_count
    WHERE study = ? AND count > 0 ORDER BY site, protocol, status`);
  const list = database.prepare(`
    SELECT ${COLUMNS} FROM participation
    WHERE study = ?1 AND person > ?2 AND (?3 IS NULL OR site = ?3) AND (?4 IS NULL OR protocol = ?4)
    ORDER BY person LIMIT ?5`);
  const listOf = database.prepare(`
    SELECT ${COLUMNS} FROM participation
    WHERE study = ?1 AND status = ?6 AND person > ?2 AND (?3 IS NULL OR site = ?3) AND (?4 IS NULL OR protocol = ?4)
    ORDER BY person LIMIT ?5`);
  const find = database.prepare(`SELECT ${COLUMNS} FROM participation WHERE study = ? AND person = ?`);
  const changes = database.prepare(`
    SELECT position, site, person, status, protocol, at, block FROM participation_change
    WHERE study = ? AND position > ? AND block < ? ORDER BY position LIMIT ?`);
  const unacknowledged = database.prepare(`
    SELECT ${COLUMNS} FROM participation WHERE study = ? AND status = 'withdrawn' AND stopped = 0
    ORDER BY block LIMIT ?`);
  const withdrawn = database.prepare(`
    SELECT study, ${COLUMNS} FROM participation
    WHERE status = 'withdrawn' AND stopped = 0 AND block >= ? ORDER BY block`);
  return {
    withdrawn: (block) => withdrawn.iterate(block) as Iterable<unknown> as ReturnType<Trials['withdrawn']>,
    touched: (site, block) =>
      touched.iterate(site, block) as Iterable<unknown> as Iterable<TouchedParticipant>,
    find: (study, person) => find.get(study, person) as unknown as ParticipationRow | undefined,
    counts: (study) => counts.all(study) as unknown as ParticipationCount[],
    list(study, { site = null, status, protocol = null, after, limit }) {
      const rows =
        status === undefined
          ? list.all(study, after, site, protocol, limit)
          : listOf.all(study, after, site, protocol, limit, status);
      return rows as unknown as ParticipationRow[];
    },
    changes: (study, after, before, limit) =>
      changes.all(study, after, before, limit) as unknown as ParticipationChangeRow[],
    unacknowledged: (study, limit) => unacknowledged.all(study, limit) as unknown as ParticipationRow[],
  };
}
