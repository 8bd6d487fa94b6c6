import type { VisitFacts } from './visit-facts.js';
import type { WorkFile } from './work-file.js';

const HOURS = 48;
/** So many visits of its peers' hours stand for a user of whom little is known, and so many of everybody's for peers. */
const OWN_WEIGHT = 20;
const PEERS_WEIGHT = 48;

/** When each user works: its own hours before the period, drawn towards its peers'. */
export class Hours {
  readonly #peers: ReadonlyMap<number, readonly number[]>;
  #own = new Map<number, number[]>();

  private constructor(peers: ReadonlyMap<number, readonly number[]>) {
    this.#peers = peers;
  }

  static async read(file: WorkFile): Promise<Hours> {
    const rows = await file.all<{ peers: number; hour: number; visits: number }>('SELECT * FROM peer_hours');
    const counts = new Map<number, number[]>();
    const all = blank();
    for (const { peers, hour, visits } of rows) {
      add(counts, peers, hour, visits);
      all[hour] = (all[hour] ?? 0) + visits;
    }
    // Nobody works at an hour never: one visit is added to each.
    const everybody = shares(all, blank().fill(1 / HOURS), HOURS);
    return new Hours(
      new Map([...counts].map(([peers, own]) => [peers, shares(own, everybody, PEERS_WEIGHT)])),
    );
  }

  /** Reads what is needed for these visits, which lie beside each other by user. */
  async load(file: WorkFile, visits: readonly VisitFacts[]): Promise<void> {
    this.#own = new Map();
    const actors = JSON.stringify([...new Set(visits.map(({ actor }) => actor))]);
    const rows = await file.all<{ actor: number; hour: number; visits: number }>(
      'SELECT * FROM own_hours WHERE actor IN (SELECT value FROM json_each(?1))',
      [actors],
    );
    for (const { actor, hour, visits: count } of rows) add(this.#own, actor, hour, count);
  }

  /**
   * How much of its time the user, and how much its peers, spend about this hour, and how probable an hour is that is as rare for it.
   * An hour counts with those beside it.
   */
  of({ actor, peers, hour }: VisitFacts): {
    readonly own: number;
    readonly peers: number;
    readonly chance: number;
  } {
    const usual = this.#peers.get(peers) ?? blank().fill(1 / HOURS);
    const own = shares(this.#own.get(actor) ?? blank(), usual, OWN_WEIGHT);
    const here = about(own, hour);
    let chance = 0;
    for (let other = 0; other < HOURS; other += 1)
      if (about(own, other) <= here + 1e-12) chance += own[other] ?? 0;
    return { own: here, peers: about(usual, hour), chance };
  }
}

function blank(): number[] {
  return Array.from({ length: HOURS }, () => 0);
}

function add(counts: Map<number, number[]>, of: number, hour: number, visits: number): void {
  const row = counts.get(of) ?? blank();
  row[hour] = (row[hour] ?? 0) + visits;
  counts.set(of, row);
}

function shares(counts: readonly number[], towards: readonly number[], weight: number): number[] {
  const total = counts.reduce((sum, one) => sum + one, 0) + weight;
  return counts.map((count, hour) => (count + weight * (towards[hour] ?? 0)) / total);
}

/** Of the hour with the one before and the one after, of the same kind of day. */
function about(of: readonly number[], hour: number): number {
  const start = hour < 24 ? 0 : 24;
  return [23, 0, 1].reduce((sum, step) => sum + (of[start + ((hour - start + step) % 24)] ?? 0), 0);
}
