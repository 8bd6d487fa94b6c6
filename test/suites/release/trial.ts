import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Answer, TestConsortium } from '../../http/support/consortium.js';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from '../../http/support/people.js';
import type { Dice } from '../../support/fault/dice.js';
import { eventually } from '../../support/eventually.js';
import { tried, type Attack } from '../../support/fault/verdicts.js';
import type { FaultyMember } from '../../support/release-faults/faulty-member.js';

/** A record on which a consent stands, and what it must come out as. */
export interface Held {
  readonly subject: string;
  readonly record: string;
  readonly content: Buffer;
  /** Replaced where a trial withdraws it. */
  consent: string;
}

export interface Trial {
  readonly consortium: () => TestConsortium;
  readonly custodian: () => FaultyMember;
  readonly requester: () => FaultyMember;
  readonly dice: Dice;
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
  attack: Attack,
  held: readonly Held[] = trial.held(),
): Promise<(Answer | undefined)[]> {
  return Promise.all(
    held.map(async ({ record, content }) => {
      const answer = await ask(trial.requester().member, trial.custodian().member, [record]).catch(
        () => undefined,
      );
      const isOther = answer?.status === 200 && !answer.bytes.equals(content);
      tried(attack, 1, isOther ? 1 : 0);
      expect(isOther, `${attack.what}: bytes that are not the record's, seed ${trial.dice.seed}`).to.equal(
        false,
      );
      if (answer?.status === 200) trial.released.add(String(answer.headers['consent-ledger-event']));
      return answer;
    }),
  );
}

/** Nothing may have been released; what was is a violation. */
export function expectNothing(
  answers: readonly (Answer | undefined)[],
  attack: Attack,
  detail = attack.what,
): void {
  const released = answers.filter((answer) => answer?.status === 200);
  tried(attack, 0, released.length);
  expect(released, `${detail}: released`).to.deep.equal([]);
}

/** Asks again until all of it is released, as whatever was broken is whole again; fails where that takes a minute. */
export async function expectAll(trial: Trial, attack: Attack): Promise<void> {
  await eventually(
    async () => {
      const answers = await askAll(trial, attack);
      expect(answers.map((answer) => answer?.status)).to.deep.equal(answers.map(() => 200));
    },
    { withinMs: 60_000 },
  );
}
