import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Answer, TestConsortium } from '../../http/support/consortium.js';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from '../../http/support/people.js';
import type { FaultyMember } from '../../support/release-faults/faulty-member.js';

/** Seeded, so that a failure comes again: the seed is printed with it. */
export interface Dice {
  readonly seed: number;
  /** A whole number from 0 to `below` - 1. */
  next(below: number): number;
}

export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return {
    seed,
    next: (below) => {
      // Mulberry32: any good small generator does, as long as it is the same each time.
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
    },
  };
}

/** A record on which a consent stands, and what it must come out as. */
export interface Held {
  readonly subject: string;
  readonly record: string;
  readonly content: Buffer;
  /** Replaced where a trial withdraws it. */
  consent: string;
}

/** What was tried and how it came out, for the figures of docs/guarantees.md. */
export class Tally {
  readonly #rows = new Map<string, { attempts: number; released: number }>();

  add(attack: string, answers: readonly (Answer | undefined)[]): void {
    const row = this.#rows.get(attack) ?? { attempts: 0, released: 0 };
    row.attempts += answers.length;
    row.released += answers.filter((answer) => answer?.status === 200).length;
    this.#rows.set(attack, row);
  }

  lines(): string[] {
    return [...this.#rows].map(
      ([attack, { attempts, released }]) => `${attack}: ${attempts} attempts, ${released} released`,
    );
  }
}

export interface Trial {
  readonly consortium: () => TestConsortium;
  readonly custodian: () => FaultyMember;
  readonly requester: () => FaultyMember;
  readonly dice: Dice;
  readonly tally: Tally;
  /** Events whose records a user got. */
  readonly released: Set<string>;
  /** How many times each attack is made. */
  readonly rounds: number;
  readonly held: () => readonly Held[];
}

/** Records of which everybody may read, small and of more than one segment. */
export async function holdRecords(
  { custodian }: Pick<Trial, 'custodian'>,
  sizes: readonly number[],
): Promise<Held[]> {
  const { member } = custodian();
  return Promise.all(
    sizes.map(async (bytes) => {
      const subject = await registerSubject(member);
      const content = randomBytes(bytes);
      const { id, status } = await putRecord(member, { subject, content, facts: { labels: ['N'] } });
      expect(status).to.equal(201);
      const consent = await grant({ custodian }, subject);
      return { subject, record: id, content, consent };
    }),
  );
}

export async function grant({ custodian }: Pick<Trial, 'custodian'>, subject: string): Promise<string> {
  const id = randomUUID();
  const filed = await fileConsent(custodian().member, treatmentConsent({ id, subject }));
  expect(filed.status, JSON.stringify(filed.json)).to.equal(201);
  return id;
}

/** Everybody asks at once; what is torn off is no answer. Whatever is released is what was kept, byte for byte. */
export async function askAll(
  trial: Trial,
  attack: string,
  held: readonly Held[] = trial.held(),
): Promise<(Answer | undefined)[]> {
  const answers = await Promise.all(
    held.map(async ({ record, content }) => {
      const answer = await ask(trial.requester().member, trial.custodian().member, [record]).catch(
        () => undefined,
      );
      if (answer?.status !== 200) return answer;
      expect(
        answer.bytes.equals(content),
        `${attack}: bytes that are not the record's, seed ${trial.dice.seed}`,
      ).to.equal(true);
      trial.released.add(String(answer.headers['consent-ledger-event']));
      return answer;
    }),
  );
  trial.tally.add(attack, answers);
  return answers;
}

export function expectNothing(answers: readonly (Answer | undefined)[], attack: string): void {
  const released = answers.filter((answer) => answer?.status === 200);
  expect(released, `${attack}: released`).to.deep.equal([]);
}
