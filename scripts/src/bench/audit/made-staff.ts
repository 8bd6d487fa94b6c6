import { createHmac } from 'node:crypto';
import type { Dice } from './dice.js';

export const HOUSE = 'RiversideMSP';

export interface Worker {
  readonly user: string;
  readonly role: string;
  /** Ward of its own; -1 where it has none. */
  readonly ward: number;
  readonly family: number;
  /** Works nights in turn; what has no shifts is there in office hours. */
  readonly hasShifts: boolean;
}

export interface Patient {
  readonly subject: string;
  readonly family: number;
}

/** Staff of one hospital, by what they do. */
export interface Staff {
  readonly wards: readonly (readonly Worker[])[];
  readonly doctors: readonly (readonly Worker[])[];
  readonly floats: readonly Worker[];
  readonly consultants: readonly Worker[];
  readonly laboratory: readonly Worker[];
  readonly clerks: readonly Worker[];
  readonly emergency: readonly Worker[];
  readonly all: readonly Worker[];
}

const FAMILIES = 300;

export function makeStaff(dice: Dice, wards: number): Staff {
  const all: Worker[] = [];
  const hire = (role: string, ward: number, hasShifts: boolean): Worker => {
    const user = `${role}-${String(all.length).padStart(20 - role.length, '0')}`;
    const worker = { user, role, ward, family: familyOf(dice), hasShifts };
    all.push(worker);
    return worker;
  };
  const each = (count: number, role: string, ward: number, hasShifts: boolean): Worker[] =>
    Array.from({ length: count }, () => hire(role, ward, hasShifts));
  const numbers = Array.from({ length: wards }, (_, ward) => ward);
  return {
    wards: numbers.map((ward) => each(9, 'nurse', ward, true)),
    doctors: numbers.map((ward) => each(3, 'physician', ward, true)),
    floats: each(Math.ceil(wards / 2), 'nurse', -1, true),
    consultants: each(wards, 'consultant', -1, false),
    laboratory: each(Math.ceil(wards / 3), 'laboratory', -1, true),
    clerks: each(Math.ceil(wards / 2), 'billing', -1, false),
    emergency: each(Math.ceil(wards / 3), 'emergency-physician', -1, true),
    all,
  };
}

export function makePatients(dice: Dice, count: number): Patient[] {
  return Array.from({ length: count }, (_, n) => ({
    subject: `patient-${String(n).padStart(8, '0')}`,
    family: familyOf(dice),
  }));
}

/** A few names are frequent, most are not. */
function familyOf(dice: Dice): number {
  return Math.floor(FAMILIES * dice.share() ** 2.2);
}

/** As the custodian makes it, with a key that the auditor does not have. */
export function tagOf(family: number): string {
  return createHmac('sha256', 'the custodian alone has this').update(String(family)).digest('base64url');
}

/** Lines for the auditor. */
export function familyLines(staff: Staff, patients: readonly Patient[]): string {
  const users = staff.all.map(({ user, family }) => `user,${HOUSE},${user},${tagOf(family)}`);
  const subjects = patients.map(({ subject, family }) => `subject,${HOUSE},${subject},${tagOf(family)}`);
  return `${[...users, ...subjects].join('\n')}\n`;
}
