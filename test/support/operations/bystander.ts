import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '@consent-ledger/scripts';
import type { TestConsortium } from '../consortium.js';

/** A member's clerk who goes on working while others are operated on. */
export interface Bystander {
  /** Ends the work. */
  stop(): Promise<Work>;
}

export interface Work {
  /** Subjects that were registered: each is a transaction that the member and its oversight endorsed. */
  readonly done: number;
  /** What was answered otherwise than by 201, or by something that says to try again. */
  readonly refused: readonly string[];
}

const DEADLINE_MS = 10_000;
const PAUSE_MS = 150;

/** Registers one subject after the other. What is not answered, or by 503, is asked again, as any client would. */
export async function bystander(
  consortium: TestConsortium,
  member: string,
  port: number,
): Promise<Bystander> {
  const tlsCa = join(consortium.dataDir, 'organizations', member, 'tlsca', 'ca.crt');
  const ca = await readFile(tlsCa);
  const { stdout } = await consortium.run('token', '--member', member, '--user', 'consent-clerk');
  const token = stdout.trim();
  const stopping = new AbortController();
  const refused: string[] = [];
  let done = 0;
  const working = (async () => {
    while (!stopping.signal.aborted) {
      const status = await register(port, ca, token);
      if (status === 201) done += 1;
      else if (status !== 503 && status !== undefined) refused.push(String(status));
      await sleep(PAUSE_MS);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await working;
      return { done, refused };
    },
  };
}

/** The status; undefined where there was no answer. */
async function register(port: number, ca: Buffer, token: string): Promise<number | undefined> {
  try {
    const answer = await send({
      method: 'POST',
      url: `https://127.0.0.1:${port}/v1/subjects`,
      ca,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
      deadlineMs: DEADLINE_MS,
    });
    return answer.status;
  } catch {
    return undefined; // its gateway is being started again
  }
}
