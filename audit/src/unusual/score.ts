import { corrected, Histogram, lengthFor, sumTails, termTails } from './combine.js';
import { Hours } from './hours.js';
import type { Period } from './period.js';
import { judge, TERMS, type Judgement } from './terms.js';
import { factsAfter, overall, type Overall } from './visit-facts.js';
import type { WorkFile } from './work-file.js';

/** Visits in memory at one time. */
export const PAGE = 2_000;

/** What all visits were judged by, for the words of those that are shown. */
export interface Judging {
  readonly all: Overall;
  readonly hours: Hours;
}

/**
 * Judges each visit of table `examined`, and gives it the probability that so much comes together by chance (table `score`; where
 * `is_listed` is 0 a visit is there for its finding alone).
 */
export async function scoreAll(file: WorkFile, period: Period): Promise<Judging> {
  await file.run(
    `CREATE TABLE score (visit INTEGER PRIMARY KEY, is_listed INTEGER, lead INTEGER, sum INTEGER, ${TERMS.map((term) => `${term} INTEGER`).join(', ')})`,
  );
  const judging = { all: await overall(file, period.shares, period.since), hours: await Hours.read(file) };
  const seen = TERMS.map(() => new Histogram());
  const sums = new Histogram();
  let after = 0;
  for (;;) {
    const visits = await factsAfter(file, after, PAGE);
    const last = visits.at(-1);
    if (last === undefined) break;
    after = last.id;
    await judging.hours.load(file, visits);
    const rows = visits.map((visit) => {
      const surprises = surprisesOf(judge(visit, judging.all, judging.hours));
      const sum = surprises.reduce((total, one) => total + one, 0);
      const isListed = visit.day >= period.since && visit.day < period.until;
      if (isListed) {
        surprises.forEach((one, index) => {
          // A crowd is of the curious alone: how often it is met is a matter of their visits, or being curious would count twice.
          if (TERMS[index] !== 'crowd' || visit.curious === 1) seen[index]?.add(one);
        });
        sums.add(sum);
      }
      return [visit.id, isListed ? 1 : 0, surprises.indexOf(Math.max(...surprises)), sum, ...surprises];
    });
    await file.insert('score', rows);
  }
  const length = lengthFor(seen);
  const stated = sumTails(
    seen.map((one) => termTails(one.tails(), one.total)),
    length,
  );
  const chances = sums.length === 0 ? [] : corrected(sums.tails(), stated);
  await file.run('CREATE TABLE chance (sum INTEGER PRIMARY KEY, p REAL)');
  await file.insert(
    'chance',
    chances.map((p, sum) => [sum, p]),
  );
  return judging;
}

function surprisesOf(judgement: Judgement): number[] {
  return TERMS.map((term) => judgement[term].surprise);
}
