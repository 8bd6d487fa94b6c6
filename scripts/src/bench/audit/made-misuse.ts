import type { Dice } from './dice.js';
import type { Look } from './made-days.js';
import type { OrdinaryWork } from './made-work.js';
import type { Patient, Staff, Worker } from './made-staff.js';

/** What is planted. */
export const KINDS = [
  'relative',
  'acquaintance',
  'celebrity',
  'browsing',
  'after withdrawal',
  'at night',
  'probing',
] as const;
export type Kind = (typeof KINDS)[number];

export interface Planted {
  readonly kind: Kind;
  readonly look: Look;
}

/** Whom people may be curious about, and who may be: anybody. */
export class Misuse {
  readonly #dice: Dice;
  readonly #staff: Staff;
  readonly #patients: readonly Patient[];
  readonly #work: OrdinaryWork;
  /** Celebrity of now, and how long it is talked of. */
  #talk: { readonly patient: Patient; readonly until: number } | undefined;

  constructor(dice: Dice, staff: Staff, patients: readonly Patient[], work: OrdinaryWork) {
    this.#dice = dice;
    this.#staff = staff;
    this.#patients = patients;
    this.#work = work;
  }

  /** Of one day; about as much on each, whether it is looked at later or only what others are measured by. */
  day(day: number): Planted[] {
    const scale = this.#staff.wards.length / 20;
    const times = (perDay: number, make: () => Planted[]): Planted[] => {
      const expected = perDay * scale;
      const count = Math.floor(expected) + (this.#dice.isLess(expected % 1) ? 1 : 0);
      return Array.from({ length: count }, make).flat();
    };
    return [
      ...times(0.5, () => this.#relative(day)),
      ...times(0.5, () => this.#acquaintance(day)),
      ...this.#celebrity(day, scale),
      ...times(0.05, () => this.#browsing(day)),
      ...times(0.15, () => this.#afterWithdrawal(day)),
      ...times(0.15, () => this.#atNight(day)),
      ...times(0.06, () => this.#probing(day)),
    ];
  }

  /** Somebody of the same name, who is not in the looker's care. */
  #relative(day: number): Planted[] {
    const worker = this.#anybody();
    const kin = this.#patients.filter(({ family }) => family === worker.family);
    return kin.length === 0 ? [] : [this.#plant('relative', worker, this.#dice.pick(kin), day)];
  }

  /** A neighbour or a colleague: nothing but that there is no reason to look. */
  #acquaintance(day: number): Planted[] {
    return [this.#plant('acquaintance', this.#anybody(), this.#dice.pick(this.#patients), day)];
  }

  #celebrity(day: number, scale: number): Planted[] {
    if (this.#talk === undefined && this.#dice.isLess(0.05))
      this.#talk = { patient: this.#dice.pick(this.#patients), until: day + 3 };
    if (this.#talk === undefined) return [];
    const { patient, until } = this.#talk;
    if (until === day + 1) this.#talk = undefined;
    const count = this.#dice.whole(3, 4 + Math.ceil(4 * scale));
    return Array.from({ length: count }, () => this.#plant('celebrity', this.#anybody(), patient, day));
  }

  #browsing(day: number): Planted[] {
    const worker = this.#anybody();
    return Array.from({ length: this.#dice.whole(30, 70) }, () =>
      this.#plant('browsing', worker, this.#dice.pick(this.#patients), day),
    );
  }

  /** A carer goes on asking, on several days. */
  #afterWithdrawal(day: number): Planted[] {
    const { withdrawn } = this.#work;
    const known = withdrawn.at(-1 - this.#dice.whole(0, Math.min(5, Math.max(1, withdrawn.length))));
    if (known === undefined) return [];
    const worker = this.#dice.pick(known.carers);
    return [0, 1, 2].map((step) => {
      const { kind, look } = this.#plant('after withdrawal', worker, known.patient, day + step);
      return { kind, look: { ...look, reason: 'consent-withdrawn' as const } };
    });
  }

  /** Who works by day comes back at three. */
  #atNight(day: number): Planted[] {
    const worker = this.#dice.pick(this.#staff.all.filter(({ hasShifts }) => !hasShifts));
    return Array.from({ length: this.#dice.whole(2, 6) }, () => {
      const { kind, look } = this.#plant('at night', worker, this.#dice.pick(this.#patients), day);
      return { kind, look: { ...look, hour: 1 + this.#dice.share() * 4 } };
    });
  }

  /** Tries one after the other, without consent. */
  #probing(day: number): Planted[] {
    const worker = this.#anybody();
    return Array.from({ length: this.#dice.whole(12, 25) }, () => {
      const { kind, look } = this.#plant('probing', worker, this.#dice.pick(this.#patients), day);
      return { kind, look: { ...look, reason: 'no-consent' as const } };
    });
  }

  #anybody(): Worker {
    return this.#dice.pick(this.#staff.all);
  }

  /** In the looker's own hours, unless told. */
  #plant(kind: Kind, worker: Worker, patient: Patient, day: number): Planted {
    const hour = worker.hasShifts ? (7 + this.#dice.share() * 14) % 24 : 8 + this.#dice.share() * 8;
    return { kind, look: { worker, patient, day, hour } };
  }
}
