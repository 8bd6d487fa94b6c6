import type { Period } from './period.js';
import type { WorkFile } from './work-file.js';

/** Who shares so many patients, and one in so many of all those of both, is of one team; patients of so many users make nobody a colleague. */
const SHARED_PATIENTS = 3;
const SHARED_PART = 12;
const CROWDED = 40;
/** Peers of whom one in so many visits is to a stranger are used to it. */
const USUAL = 4;
/** Days in which strangers at one subject make a crowd. */
const WEEK = 7;
/** For so many days a colleague's visit makes a patient the team's. */
const IN_CARE_DAYS = 30;

/**
 * Makes of accesses *visits* (one user, one subject, one day), and counts what they are measured by: each user's own history, and that of its
 * peers. A visit's `relation` is 0 where the user had asked for that subject before, 1 at the first contact where somebody of the user's team had in the
 * last 30 days, 2 where nobody had.
 */
export async function countBaselines(file: WorkFile, { since, shares }: Period): Promise<void> {
  for (const sql of [...VISITS, ...TEAMS]) await file.run(sql);
  await file.run(RELATION, [shares]);
  for (const sql of COUNTS) await file.run(sql, [shares, since].slice(0, parametersOf(sql)));
  for (const sql of HOURS) await file.run(sql, [since].slice(0, parametersOf(sql)));
  await file.run('ANALYZE');
}

function parametersOf(sql: string): number {
  return sql.includes('?2') ? 2 : sql.includes('?1') ? 1 : 0;
}

const VISITS = [
  'CREATE TABLE actor (id INTEGER PRIMARY KEY, member TEXT, user TEXT, family TEXT)',
  'INSERT INTO actor (member, user) SELECT DISTINCT member, user FROM touch ORDER BY 1, 2',
  'CREATE UNIQUE INDEX actor_by_name ON actor (member, user)',
  'CREATE TABLE person (id INTEGER PRIMARY KEY, custodian TEXT, subject TEXT, family TEXT)',
  'INSERT INTO person (custodian, subject) SELECT DISTINCT custodian, subject FROM touch ORDER BY 1, 2',
  'CREATE UNIQUE INDEX person_by_name ON person (custodian, subject)',
  'CREATE TABLE peers (id INTEGER PRIMARY KEY, name TEXT)',
  'INSERT INTO peers (name) SELECT DISTINCT peers FROM touch ORDER BY 1',
  'CREATE UNIQUE INDEX peers_by_name ON peers (name)',
  `UPDATE actor SET family = (SELECT tag FROM family f WHERE f.kind = 'user' AND f.house = member AND f.name = user)`,
  `UPDATE person SET family = (SELECT tag FROM family f WHERE f.kind = 'subject' AND f.house = custodian AND f.name = subject)`,
  `CREATE TABLE visit (id INTEGER PRIMARY KEY, actor INTEGER, person INTEGER, peers INTEGER, day INTEGER, at INTEGER, position INTEGER,
     requests INTEGER, denied INTEGER, withdrawn INTEGER, relation INTEGER DEFAULT 0, attempts INTEGER DEFAULT 0, curious INTEGER DEFAULT 0,
     crowd INTEGER DEFAULT 0)`,
  `INSERT INTO visit (actor, person, peers, day, at, position, requests, denied, withdrawn)
     SELECT a.id, p.id, MIN(g.id), t.day, MIN(t.at), MIN(t.position), COUNT(*), SUM(t.denied), MAX(t.withdrawn)
     FROM touch t JOIN actor a ON a.member = t.member AND a.user = t.user
       JOIN person p ON p.custodian = t.custodian AND p.subject = t.subject JOIN peers g ON g.name = t.peers
     GROUP BY a.id, p.id, t.day ORDER BY a.id, p.id, t.day`,
  'CREATE INDEX visit_by_actor ON visit (actor, day)',
  'CREATE INDEX visit_by_person ON visit (person, day, actor)',
  'CREATE INDEX touch_by_position ON touch (position)',
];

const TEAMS = [
  `CREATE TABLE contact (person INTEGER, actor INTEGER, first_day INTEGER, PRIMARY KEY (person, actor)) WITHOUT ROWID`,
  'INSERT INTO contact SELECT person, actor, MIN(day) FROM visit GROUP BY person, actor',
  `CREATE TABLE colleague (one INTEGER, other INTEGER, since INTEGER, PRIMARY KEY (one, other)) WITHOUT ROWID`,
  'CREATE TABLE patients (actor INTEGER PRIMARY KEY, people INTEGER)',
  'INSERT INTO patients SELECT actor, COUNT(*) FROM contact GROUP BY actor',
  // Those who see everybody share some patients with everyone: of all the patients of both it must be a part.
  `INSERT INTO colleague SELECT one, other, since FROM (
     SELECT a.actor AS one, b.actor AS other, MIN(MAX(a.first_day, b.first_day)) AS since, COUNT(*) AS shared
     FROM contact a JOIN contact b ON b.person = a.person AND b.actor > a.actor
     WHERE a.person IN (SELECT person FROM contact GROUP BY person HAVING COUNT(*) BETWEEN 2 AND ${CROWDED})
     GROUP BY a.actor, b.actor HAVING COUNT(*) >= ${SHARED_PATIENTS}
   ) JOIN patients m ON m.actor = one JOIN patients n ON n.actor = other
   WHERE shared * ${SHARED_PART} >= m.people + n.people - shared`,
  'INSERT INTO colleague SELECT other, one, since FROM colleague',
];

// What the visit itself adds to a team came on its own day, so it does not count.
const RELATION = `UPDATE visit SET relation = CASE WHEN EXISTS (
    SELECT 1 FROM visit o JOIN colleague k ON k.one = visit.actor AND k.other = o.actor AND k.since < visit.day
    WHERE o.person = visit.person AND o.day BETWEEN visit.day - ${IN_CARE_DAYS} AND visit.day AND o.actor <> visit.actor
  ) THEN 1 ELSE 2 END
  WHERE day >= ?1 AND day = (SELECT c.first_day FROM contact c WHERE c.person = visit.person AND c.actor = visit.actor)`;

/** ?1 is the first day of the shares, ?2 the first day examined. */
const COUNTS = [
  `UPDATE visit SET attempts = (SELECT COUNT(*) FROM visit o WHERE o.actor = visit.actor AND o.person = visit.person
     AND o.withdrawn = 1 AND o.day BETWEEN ?1 AND visit.day) WHERE withdrawn = 1 AND day >= ?1`,
  `CREATE TABLE user_day (actor INTEGER, day INTEGER, peers INTEGER, subjects INTEGER, denied INTEGER, firsts INTEGER, strangers INTEGER,
     PRIMARY KEY (actor, day)) WITHOUT ROWID`,
  `INSERT INTO user_day SELECT actor, day, MIN(peers), COUNT(*), SUM(denied), SUM(relation > 0), SUM(relation = 2)
     FROM visit WHERE day >= ?1 GROUP BY actor, day`,
  `CREATE TABLE own (actor INTEGER PRIMARY KEY, visits INTEGER, firsts INTEGER, strangers INTEGER, days INTEGER, subjects INTEGER, denied INTEGER)`,
  `INSERT INTO own SELECT actor, SUM(subjects), SUM(firsts), SUM(strangers), SUM(day < ?2),
     SUM(CASE WHEN day < ?2 THEN subjects ELSE 0 END), SUM(CASE WHEN day < ?2 THEN denied ELSE 0 END)
     FROM user_day WHERE day >= ?1 GROUP BY actor`,
  `CREATE TABLE peer (peers INTEGER PRIMARY KEY, visits INTEGER, firsts INTEGER, strangers INTEGER, withdrawn INTEGER, again INTEGER)`,
  `INSERT INTO peer SELECT peers, COUNT(*), SUM(relation > 0), SUM(relation = 2), SUM(attempts > 0), SUM(attempts > 1)
     FROM visit WHERE day >= ?1 GROUP BY peers`,
  // Where strangers are usual, as for those who are called to them, nobody is curious for it.
  `UPDATE visit SET curious = 1 WHERE day >= ?1 AND relation = 2
     AND peers IN (SELECT peers FROM peer WHERE strangers * ${USUAL} < visits)`,
  `CREATE TABLE peer_day (peers INTEGER PRIMARY KEY, days INTEGER, subjects INTEGER, subjects_squared INTEGER, denied INTEGER,
     denied_squared INTEGER)`,
  `INSERT INTO peer_day SELECT peers, COUNT(*), SUM(subjects), SUM(subjects * subjects), SUM(denied), SUM(denied * denied)
     FROM user_day WHERE day >= ?1 GROUP BY peers`,
  `CREATE TABLE family_visits (tag TEXT PRIMARY KEY, visits INTEGER) WITHOUT ROWID`,
  `INSERT INTO family_visits SELECT p.family, COUNT(*) FROM visit v JOIN person p ON p.id = v.person
     WHERE v.day >= ?1 AND p.family IS NOT NULL GROUP BY p.family`,
  `UPDATE visit SET crowd = (SELECT COUNT(DISTINCT o.actor) FROM visit o WHERE o.person = visit.person
     AND o.day BETWEEN visit.day - ${WEEK - 1} AND visit.day AND o.curious = 1 AND o.actor <> visit.actor) WHERE curious = 1`,
];

/** Hours of the week's days and of its ends: 0 to 23, and 24 to 47. */
export const HOUR_OF = `((at / 3600000) % 24 + CASE WHEN (day + 4) % 7 IN (0, 6) THEN 24 ELSE 0 END)`;

const HOURS = [
  'CREATE TABLE own_hours (actor INTEGER, hour INTEGER, visits INTEGER, PRIMARY KEY (actor, hour)) WITHOUT ROWID',
  `INSERT INTO own_hours SELECT actor, ${HOUR_OF}, COUNT(*) FROM visit WHERE day < ?1 GROUP BY 1, 2`,
  'CREATE TABLE peer_hours (peers INTEGER, hour INTEGER, visits INTEGER, PRIMARY KEY (peers, hour)) WITHOUT ROWID',
  `INSERT INTO peer_hours SELECT peers, ${HOUR_OF}, COUNT(*) FROM visit GROUP BY 1, 2`,
];
