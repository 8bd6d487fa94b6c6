import type { Dice } from './dice.js';
import type { Look } from './made-days.js';
import type { Patient, Staff, Worker } from './made-staff.js';

interface Stay {
  readonly patient: Patient;
  ward: number;
  readonly until: number;
}

/** What a hospital's ordinary days look like, with all in them that only seems unusual. */
export class OrdinaryWork {
  readonly #dice: Dice;
  readonly #staff: Staff;
  readonly #patients: readonly Patient[];
  #stays: Stay[] = [];
  #discharged: Patient[] = [];
  /** Those who withdrew, with the day. */
  readonly withdrawn: { readonly patient: Patient; readonly carers: readonly Worker[] }[] = [];
  readonly #carers = new Map<Patient, Set<Worker>>();

  constructor(dice: Dice, staff: Staff, patients: readonly Patient[]) {
    this.#dice = dice;
    this.#staff = staff;
    this.#patients = patients;
  }

  /** Who lies in the hospital. */
  get inCare(): readonly Patient[] {
    return this.#stays.map(({ patient }) => patient);
  }

  day(day: number): Look[] {
    this.#admit(day);
    const looks = this.#stays.flatMap((stay) => this.#care(stay, day));
    looks.push(...this.#consults(day), ...this.#laboratory(day), ...this.#emergencies(day));
    if (!isWeekend(day)) looks.push(...this.#billing(day));
    for (const { worker, patient } of looks) {
      const carers = this.#carers.get(patient) ?? new Set();
      carers.add(worker);
      this.#carers.set(patient, carers);
    }
    looks.push(...this.#afterWithdrawal(day));
    return looks;
  }

  #admit(day: number): void {
    const dice = this.#dice;
    const leaving = this.#stays.filter(({ until }) => until <= day);
    this.#discharged.push(...leaving.map(({ patient }) => patient));
    this.#stays = this.#stays.filter(({ until }) => until > day);
    const wards = this.#staff.wards.length;
    for (let n = 0; n < 2 * wards; n += 1)
      this.#stays.push({
        patient: dice.pick(this.#patients),
        ward: dice.whole(0, wards),
        until: day + dice.whole(1, 8),
      });
    // Some are moved to another ward.
    for (const stay of this.#stays) if (dice.isLess(0.03)) stay.ward = dice.whole(0, wards);
  }

  /** Two nurses and often a doctor of the ward, by shifts; now and then one who stands in. */
  #care({ patient, ward }: Stay, day: number): Look[] {
    const dice = this.#dice;
    const looks: Look[] = [];
    for (const shift of [7, 15, 23]) {
      if (shift === 23 && dice.isLess(0.5)) continue;
      const nurses = this.#staff.wards[ward] ?? [];
      const nurse = dice.isLess(0.04)
        ? dice.pick(this.#staff.floats)
        : (onShift(nurses, day, shift) ?? nurses[0]);
      if (nurse !== undefined) looks.push(this.#look(nurse, patient, day, (shift + dice.share() * 8) % 24));
    }
    const doctors = this.#staff.doctors[ward] ?? [];
    const doctor = doctors[(Math.floor(day / 2) + (isWeekend(day) ? 1 : 0)) % doctors.length];
    if (doctor !== undefined && !(isWeekend(day) && dice.isLess(0.6)))
      looks.push(this.#look(doctor, patient, day, 8 + dice.share() * 9));
    return looks;
  }

  /** Called to patients whom they never saw, whose team they are not of. */
  #consults(day: number): Look[] {
    const dice = this.#dice;
    return this.#staff.consultants.flatMap((consultant) =>
      isWeekend(day)
        ? []
        : Array.from({ length: dice.whole(1, 6) }, () =>
            this.#look(consultant, dice.pick(this.inCare), day, 9 + dice.share() * 8),
          ),
    );
  }

  #laboratory(day: number): Look[] {
    const dice = this.#dice;
    return this.#staff.laboratory.flatMap((worker) =>
      Array.from({ length: dice.whole(8, 16) }, () =>
        this.#look(worker, dice.pick(this.inCare), day, 6 + dice.share() * 14),
      ),
    );
  }

  /** Everybody who left; a whole lot of them at the end of a month. */
  #billing(day: number): Look[] {
    const dice = this.#dice;
    const share = day % 30 >= 27 ? 1 : 0.35;
    const due = this.#discharged.filter(() => dice.isLess(share));
    const done = new Set(due);
    this.#discharged = this.#discharged.filter((patient) => !done.has(patient));
    return due.map((patient) =>
      this.#look(dice.pick(this.#staff.clerks), patient, day, 8 + dice.share() * 8),
    );
  }

  #emergencies(day: number): Look[] {
    const dice = this.#dice;
    return this.#staff.emergency.flatMap((worker, index) =>
      (day + index) % 3 === 0
        ? Array.from({ length: dice.whole(3, 9) }, () => ({
            ...this.#look(worker, dice.pick(this.#patients), day, dice.share() * 24),
            isEmergency: dice.isLess(0.3),
          }))
        : [],
    );
  }

  /** Somebody withdraws, and one of the carers does not know of it yet. */
  #afterWithdrawal(day: number): Look[] {
    const dice = this.#dice;
    if (!dice.isLess(0.25)) return [];
    const patient = dice.pick(this.inCare);
    const carers = [...(this.#carers.get(patient) ?? [])];
    if (carers.length === 0) return [];
    this.withdrawn.push({ patient, carers });
    if (dice.isLess(0.5)) return [];
    const look = this.#look(dice.pick(carers), patient, day, 9 + dice.share() * 8);
    return [{ ...look, reason: 'consent-withdrawn' }];
  }

  #look(worker: Worker, patient: Patient, day: number, hour: number): Look {
    const look = { worker, patient, day, hour };
    return this.#dice.isLess(0.015) ? { ...look, reason: 'no-consent' } : look;
  }
}

/** Shifts change by the week; a third of the nurses is on each. */
function onShift(nurses: readonly Worker[], day: number, shift: number): Worker | undefined {
  const turn = (Math.floor(day / 7) + Math.floor(shift / 8)) % 3;
  const group = nurses.filter((_, index) => index % 3 === turn);
  return group[day % Math.max(1, group.length)];
}

/** The first day is a Monday. */
export function isWeekend(day: number): boolean {
  return day % 7 >= 5;
}
