import { HOUR_OF } from './baselines.js';
import type { WorkFile } from './work-file.js';

/** A visit with all that its terms are worked out from. Counts; what is null is not there. */
export interface VisitFacts {
  readonly id: number;
  readonly actor: number;
  readonly person: number;
  readonly peers: number;
  readonly member: string;
  readonly user: string;
  readonly peers_name: string;
  readonly custodian: string;
  readonly subject: string;
  readonly day: number;
  readonly at: number;
  readonly position: number;
  readonly requests: number;
  readonly denied: number;
  readonly relation: number;
  readonly attempts: number;
  readonly hour: number;
  readonly last_before: number | null;
  readonly day_subjects: number;
  readonly day_denied: number;
  readonly day_firsts: number;
  readonly day_strangers: number;
  readonly own_visits: number;
  readonly own_firsts: number;
  readonly own_strangers: number;
  readonly own_days: number;
  readonly own_subjects: number;
  readonly own_denied: number;
  readonly peer_visits: number;
  readonly peer_firsts: number;
  readonly peer_strangers: number;
  readonly peer_withdrawn: number;
  readonly peer_again: number;
  readonly peer_days: number;
  readonly peer_subjects: number;
  readonly peer_subjects_squared: number;
  readonly peer_denied: number;
  readonly peer_denied_squared: number;
  /** Visits to people of that family name, where it is the user's too; otherwise null. */
  readonly family_visits: number | null;
  /** 1: without care relation, where for its peers that is unusual. */
  readonly curious: number;
  /** Other curious ones who came to this subject within the week. */
  readonly crowd: number;
}

/** What all visits together were like. */
export interface Overall {
  readonly visits: number;
  readonly firsts: number;
  readonly strangers: number;
  readonly withdrawn: number;
  readonly again: number;
  /** Visits to people whose family name is known by its tag. */
  readonly named: number;
  /** Curious visits before the period, and those with one other within the week, and with more. */
  readonly curious: number;
  readonly in_company: number;
  readonly in_crowd: number;
}

const FACTS = `SELECT v.id, v.actor, v.person, v.peers, a.member, a.user, g.name AS peers_name, p.custodian, p.subject, v.day, v.at, v.position,
    v.requests, v.denied, v.relation, v.attempts, ${HOUR_OF.replaceAll('at /', 'v.at /').replaceAll('(day', '(v.day')} AS hour,
    CASE WHEN v.relation = 0 THEN (SELECT MAX(o.day) FROM visit o WHERE o.actor = v.actor AND o.day < v.day AND o.person = v.person) END AS last_before,
    u.subjects AS day_subjects, u.denied AS day_denied, u.firsts AS day_firsts, u.strangers AS day_strangers,
    w.visits AS own_visits, w.firsts AS own_firsts, w.strangers AS own_strangers, w.days AS own_days, w.subjects AS own_subjects, w.denied AS own_denied,
    r.visits AS peer_visits, r.firsts AS peer_firsts, r.strangers AS peer_strangers, r.withdrawn AS peer_withdrawn, r.again AS peer_again,
    d.days AS peer_days, d.subjects AS peer_subjects, d.subjects_squared AS peer_subjects_squared, d.denied AS peer_denied,
    d.denied_squared AS peer_denied_squared,
    CASE WHEN a.family = p.family THEN (SELECT f.visits FROM family_visits f WHERE f.tag = p.family) END AS family_visits,
    v.curious, v.crowd
  FROM visit v JOIN actor a ON a.id = v.actor JOIN person p ON p.id = v.person JOIN peers g ON g.id = v.peers
    JOIN user_day u ON u.actor = v.actor AND u.day = v.day JOIN own w ON w.actor = v.actor
    JOIN peer r ON r.peers = v.peers JOIN peer_day d ON d.peers = u.peers`;

/** Some visits, by their ids. */
export function factsOf(file: WorkFile, visits: readonly number[]): Promise<readonly VisitFacts[]> {
  return file.all<VisitFacts>(`${FACTS} WHERE v.id IN (SELECT value FROM json_each(?1))`, [
    JSON.stringify(visits),
  ]);
}

/** Visits of table `examined` after that one, in order of users. */
export function factsAfter(file: WorkFile, after: number, limit: number): Promise<readonly VisitFacts[]> {
  return file.all<VisitFacts>(
    `${FACTS} WHERE v.id IN (SELECT visit FROM examined WHERE visit > ?1 ORDER BY visit LIMIT ?2) ORDER BY v.id`,
    [after, limit],
  );
}

/** @param shares first day of the shares; @param since first day examined */
export function overall(file: WorkFile, shares: number, since: number): Promise<Overall> {
  return file.one<Overall>(
    `SELECT SUM(visits) AS visits, SUM(firsts) AS firsts, SUM(strangers) AS strangers, SUM(withdrawn) AS withdrawn, SUM(again) AS again,
       (SELECT COALESCE(SUM(visits), 0) FROM family_visits) AS named,
       (SELECT COUNT(*) FROM visit WHERE day >= ?1 AND day < ?2 AND curious = 1) AS curious,
       (SELECT COUNT(*) FROM visit WHERE day >= ?1 AND day < ?2 AND crowd > 0) AS in_company,
       (SELECT COUNT(*) FROM visit WHERE day >= ?1 AND day < ?2 AND crowd > 1) AS in_crowd
     FROM peer`,
    [shares, since],
  );
}
