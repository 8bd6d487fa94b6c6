import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { Tables } from '../projection/tables.js';
import type { LoggedQuestion } from '../questions/question-log.js';
import type { WorkFile } from './work-file.js';

export const FINDINGS = ['justified', 'not-justified'] as const;
export type FindingWord = (typeof FINDINGS)[number];

/** What somebody found who looked into an access, by the event's key on the ledger. */
export interface AccessFinding {
  readonly event: string;
  readonly finding: FindingWord;
}

/** Name under which a finding stands in the log of questions. */
export const FINDING_ENTRY = 'finding';

/** Findings out of the log of questions; the latest on an event stands. */
export function findingsIn(entries: Iterable<LoggedQuestion>): AccessFinding[] {
  const found = new Map<string, FindingWord>();
  for (const { question, parameters } of entries) {
    const { event, finding } = parameters;
    const word = FINDINGS.find((one) => one === finding);
    if (question === FINDING_ENTRY && event !== undefined && word !== undefined) found.set(event, word);
  }
  return [...found].map(([event, finding]) => ({ event, finding }));
}

/** Position of an access event, by its key on the ledger. */
export async function positionOfEvent(db: Kysely<Tables>, event: string): Promise<number | undefined> {
  const hash = createHash('sha256').update(event).digest('base64url');
  const row = await db
    .selectFrom('access_event')
    .select('position')
    .where('key_hash', '=', hash)
    .executeTakeFirst();
  return row?.position;
}

/**
 * Table `found`: visits that were looked into, 1 where they were justified. Beside the auditor's own findings those that are on the ledger, of emergencies;
 * the auditor's own come last and stand.
 */
export async function loadFindings(
  db: Kysely<Tables>,
  file: WorkFile,
  findings: readonly AccessFinding[],
): Promise<void> {
  await file.run('CREATE TABLE finding (position INTEGER, justified INTEGER, place INTEGER)');
  const onLedger = await db
    .selectFrom('review as v')
    .innerJoin('access_event as e', 'e.key_hash', 'v.event_hash')
    .select(['e.position', 'v.finding'])
    .orderBy('v.position')
    .execute();
  await file.insert(
    'finding',
    onLedger.map(({ position, finding }) => [position, finding === 'justified' ? 1 : 0, 0]),
  );
  for (const { event, finding } of findings) {
    const position = await positionOfEvent(db, event);
    if (position !== undefined)
      await file.insert('finding', [[position, finding === 'justified' ? 1 : 0, 1]]);
  }
  await file.run(
    `CREATE TABLE found AS SELECT v.id AS visit, v.actor, v.person, v.peers, MAX(f.place * 2 + f.justified) % 2 AS justified
     FROM finding f JOIN touch t ON t.position = f.position
       JOIN actor a ON a.member = t.member AND a.user = t.user JOIN person p ON p.custodian = t.custodian AND p.subject = t.subject
       JOIN visit v ON v.actor = a.id AND v.person = p.id AND v.day = t.day
     GROUP BY v.id`,
  );
}
