import type { ProjectionStore } from '@consent-ledger/audit';
import { Dice } from './dice.js';
import { changesOf, type Look } from './made-days.js';
import { Misuse, type Kind } from './made-misuse.js';
import { familyLines, makePatients, makeStaff, type Patient, type Staff } from './made-staff.js';
import { OrdinaryWork } from './made-work.js';

export interface YearOptions {
  readonly seed: number;
  /** Twelve nurses and doctors each, and others in proportion. */
  readonly wards: number;
  readonly days: number;
  /** First instant, a Monday; epoch milliseconds. */
  readonly start: number;
  /** For a history in which nothing is wrong. */
  readonly isClean?: boolean;
}

/** What a made hospital did, and what of it was misuse. */
export interface MadeYear {
  /** Kind of misuse, by `visitKey`. */
  readonly planted: ReadonlyMap<string, Kind>;
  /** Lines for the auditor, of pseudonyms of family names. */
  readonly families: string;
  readonly accesses: number;
  readonly staff: Staff;
  readonly patients: readonly Patient[];
  /** All looks, for those who list them by a simpler rule. */
  readonly looks: readonly Look[];
}

/** One user, one subject, one day (as a date). */
export function visitKey(user: string, subject: string, day: string): string {
  return `${user} ${subject} ${day}`;
}

export function dateOf(start: number, day: number): string {
  return new Date(start + day * 86_400_000).toISOString().slice(0, 10);
}

/** Writes a hospital's days into the projection, the same each time for the same seed. */
export async function fillYear(
  store: ProjectionStore,
  { seed, wards, days, start, isClean = false }: YearOptions,
): Promise<MadeYear> {
  const dice = new Dice(seed);
  const staff = makeStaff(dice, wards);
  const patients = makePatients(dice, wards * 250);
  const work = new OrdinaryWork(dice, staff, patients);
  // Of its own, so that ordinary days are the same with misuse and without.
  const misuse = new Misuse(new Dice(seed + 1_000_003), staff, patients, work);
  const planted = new Map<string, Kind>();
  const later = new Map<number, Look[]>();
  const all: Look[] = [];
  for (let day = 0; day < days; day += 1) {
    const looks = work.day(day);
    for (const { kind, look } of isClean ? [] : misuse.day(day)) {
      if (look.day >= days) continue;
      later.set(look.day, [...(later.get(look.day) ?? []), look]);
      planted.set(visitKey(look.worker.user, look.patient.subject, dateOf(start, look.day)), kind);
    }
    looks.push(...(later.get(day) ?? []));
    all.push(...looks);
    await writeDay(store, day, looks, start);
  }
  return {
    planted,
    families: familyLines(staff, patients),
    accesses: all.length,
    staff,
    patients,
    looks: all,
  };
}

/** One block more. */
export function writeDay(
  store: ProjectionStore,
  day: number,
  looks: readonly Look[],
  start: number,
): Promise<void> {
  return store.write(changesOf(day, looks, start), {
    from: day,
    height: day + 1,
    hash: '',
    ledger: 'made',
    collections: [],
    passedOver: [],
  });
}
