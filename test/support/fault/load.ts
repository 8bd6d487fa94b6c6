import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, TestMember } from '../../http/support/consortium.js';

/** A write that a gateway acknowledged: it had seen the commit. */
export interface Acknowledged {
  readonly member: TestMember;
  /** The subject that was registered. */
  readonly subject: string;
}

export interface LoadReport {
  readonly acknowledged: readonly Acknowledged[];
  /** Access events whose records were released. */
  readonly released: readonly string[];
  /** By member and what was answered instead, how often; what was not answered at all is `torn off`. */
  readonly refused: ReadonlyMap<string, number>;
  /** The longest time between two acknowledged writes through one gateway, milliseconds, by the member's name. */
  readonly longestGapMs: ReadonlyMap<string, number>;
}

/** Writes through gateways as their users do: at a steady pace, whatever became of what was sent before. */
export interface Load {
  /** Waits until each gateway has acknowledged a write that was sent after now. */
  acknowledges(within?: number): Promise<void>;
  stop(): Promise<LoadReport>;
}

const EVERY_MS = 100;
/** As long as a gateway may take over an answer, and a little more. */
const PATIENCE_MS = 90_000;

export interface LoadOptions {
  /** Custodians, each of which registers subjects. */
  readonly custodians: readonly TestMember[];
  /** Who asks whom for a record that is to be released; each time a decision of its own. */
  readonly asks?: () => Promise<Answer>;
}

export async function startLoad({ custodians, asks }: LoadOptions): Promise<Load> {
  const acknowledged: Acknowledged[] = [];
  const released: string[] = [];
  const refused = new Map<string, number>();
  const gaps = new Map(custodians.map(({ name }) => [name, 0]));
  const lastAt = new Map(custodians.map(({ name }) => [name, performance.now()]));
  const newest = new Map<string, number>();
  const pending = new Set<Promise<void>>();
  const stopping = new AbortController();
  const tokens = new Map(
    await Promise.all(
      custodians.map(
        async (member) => [member.name, await member.token('clerk', ['records-clerk'])] as const,
      ),
    ),
  );

  const refuse = (who: string, answer: Answer | undefined): void => {
    const how = answer === undefined ? 'torn off' : `${answer.status} ${String(answer.json['code'])}`;
    refused.set(`${who}: ${how}`, (refused.get(`${who}: ${how}`) ?? 0) + 1);
  };
  const register = async (member: TestMember): Promise<void> => {
    const sentAt = performance.now();
    const token = tokens.get(member.name) ?? '';
    const answer = await member.call('POST', '/v1/subjects', { token, body: {} }).catch(() => undefined);
    if (answer?.status !== 201) {
      refuse(member.name, answer);
      return;
    }
    acknowledged.push({ member, subject: String(answer.json['subject']) });
    const now = performance.now();
    gaps.set(member.name, Math.max(gaps.get(member.name) ?? 0, now - (lastAt.get(member.name) ?? now)));
    lastAt.set(member.name, now);
    newest.set(member.name, Math.max(newest.get(member.name) ?? 0, sentAt));
  };
  const ask = async (question: () => Promise<Answer>): Promise<void> => {
    const answer = await question().catch(() => undefined);
    if (answer?.status === 200) released.push(String(answer.headers['consent-ledger-event']));
    else refuse('ask', answer);
  };
  const begin = (work: Promise<void>): void => {
    const one = work.finally(() => pending.delete(one));
    pending.add(one);
  };
  const loop = (async () => {
    for (let tick = 0; !stopping.signal.aborted; tick += 1) {
      for (const member of custodians) begin(register(member));
      if (asks !== undefined && tick % 3 === 0) begin(ask(asks));
      await sleep(EVERY_MS);
    }
  })();

  return {
    acknowledges: async (within = 60_000) => {
      const from = performance.now();
      while (custodians.some(({ name }) => (newest.get(name) ?? 0) < from)) {
        if (performance.now() - from > within) {
          const said = [...refused].map(([how, times]) => `${how} (${times})`).join(', ');
          throw new Error(`nothing is acknowledged any more after ${within / 1_000} s: ${said}`);
        }
        await sleep(20);
      }
    },
    stop: async () => {
      stopping.abort();
      await loop;
      await Promise.race([Promise.all(pending), sleep(PATIENCE_MS, undefined, { ref: false })]);
      if (pending.size > 0) throw new Error(`${pending.size} requests have got no answer at all`);
      const now = performance.now();
      for (const { name } of custodians) {
        gaps.set(name, Math.max(gaps.get(name) ?? 0, stoppedBefore(now, lastAt.get(name))));
      }
      return { acknowledged, released, refused, longestGapMs: gaps };
    },
  };
}

/** The time since the last one counts only when it is longer than answers may be under way at the end. */
function stoppedBefore(now: number, last = now): number {
  return now - last > PATIENCE_MS ? now - last : 0;
}
