import { PAGE } from './score.js';
import type { WorkFile } from './work-file.js';

/*
 * The list under control of false discoveries. Benjamini and Hochberg's step-up, weighted by what reviews found (Genovese, Roeder, Wasserman 2006): weights come from
 * other visits' reviews and are 1 on average, so the rate holds whatever they are.
 */

/** What a review of the same user and subject, found not justified, is worth. */
const SAME_PAIR = 4;
/** Reviews of the same user, and of its peers, that stand for nothing found either way. */
const OWN_WEIGHT = 2;
const PEERS_WEIGHT = 8;
const [LEAST, MOST] = [1 / 8, 8];

interface Tally {
  justified: number;
  not: number;
}

/**
 * Table `ranking`: each listed visit by its place; `rate` is the false discovery rate at which the list would just reach it.
 * @returns how many there are
 */
export async function rank(file: WorkFile): Promise<number> {
  await file.run('CREATE TABLE weighed (visit INTEGER PRIMARY KEY, p REAL, weight REAL)');
  const weigh = await weigher(file);
  let after = 0;
  for (;;) {
    const visits = await file.all<Weighed>(
      `SELECT s.visit, s.lead, c.p, v.actor, v.person, v.peers FROM score s JOIN chance c ON c.sum = s.sum JOIN visit v ON v.id = s.visit
       WHERE s.is_listed = 1 AND s.visit > ?1 ORDER BY s.visit LIMIT ?2`,
      [after, PAGE],
    );
    const last = visits.at(-1);
    if (last === undefined) break;
    after = last.visit;
    await file.insert(
      'weighed',
      visits.map((visit) => [visit.visit, visit.p, weigh(visit)]),
    );
  }
  return steppedUp(file);
}

/**
 * Table `ranking` out of table `weighed` (visit, p, weight): step-up of p divided by weight.
 * @returns how many there are
 */
export async function steppedUp(file: WorkFile): Promise<number> {
  const { count, mean } = await file.one<{ count: number; mean: number | null }>(
    'SELECT COUNT(*) AS count, AVG(weight) AS mean FROM weighed',
  );
  await file.run(
    `CREATE TABLE ranking (place INTEGER PRIMARY KEY, visit INTEGER, p REAL, weight REAL, rate REAL)`,
  );
  await file.run(
    `INSERT INTO ranking (visit, p, weight, rate)
     SELECT visit, p, weight, MIN(1.0, MIN(q * ?1 / smaller) OVER (ORDER BY q DESC RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))
     FROM (SELECT *, COUNT(*) OVER (ORDER BY q RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS smaller FROM (
       SELECT visit, p, weight, CASE WHEN weight = 0 THEN 1e300 ELSE p * ?2 / weight END AS q FROM weighed))
     ORDER BY q, visit`,
    [count, mean ?? 1],
  );
  return count;
}

interface Weighed {
  readonly visit: number;
  readonly lead: number;
  readonly p: number;
  readonly actor: number;
  readonly person: number;
  readonly peers: number;
}

/** The weight that reviews of other visits of the same pattern give one. 0: its user and subject were found to belong together. */
async function weigher(file: WorkFile): Promise<(visit: Weighed) => number> {
  const [pairs, own, peers] = [0, 1, 2].map(() => new Map<string, Tally>());
  const found = await file.all<Weighed & { readonly justified: number }>(
    `SELECT f.visit, f.actor, f.person, f.peers, f.justified, s.lead FROM found f JOIN score s ON s.visit = f.visit ORDER BY f.visit`,
  );
  for (const { actor, person, peers: of, lead, justified } of found) {
    count(pairs, `${actor} ${person}`, justified);
    count(own, `${actor} ${lead}`, justified);
    count(peers, `${of} ${lead}`, justified);
  }
  return ({ actor, person, peers: of, lead }) => {
    const pair = pairs?.get(`${actor} ${person}`);
    if (pair?.not === 0) return 0;
    const weight =
      (pair === undefined ? 1 : SAME_PAIR) *
      leaning(own?.get(`${actor} ${lead}`), OWN_WEIGHT) *
      leaning(peers?.get(`${of} ${lead}`), PEERS_WEIGHT);
    return Math.min(MOST, Math.max(LEAST, weight));
  };
}

function count(tallies: Map<string, Tally> | undefined, of: string, justified: number): void {
  const tally = tallies?.get(of) ?? { justified: 0, not: 0 };
  if (justified === 1) tally.justified += 1;
  else tally.not += 1;
  tallies?.set(of, tally);
}

/** 1 where nothing was found, up to 2 where all were not justified, down to 0 where all were. */
function leaning(tally: Tally | undefined, weight: number): number {
  if (tally === undefined) return 1;
  return (weight + 2 * tally.not) / (weight + tally.justified + tally.not);
}
