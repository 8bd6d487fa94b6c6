import { Agent, request } from 'undici';
import { UndeliverableError } from '../../ports/courier.js';

const ANSWER_MS = 10_000;
const ANSWER_BYTES = 64 * 1024;
/** 4xx answers that may be another one next time (RFC 9110, RFC 8470, RFC 6585). */
const PASSING = new Set([408, 421, 425, 429]);

export interface TokenPusher {
  /** Resolves when the other side has taken it. Throws an UndeliverableError, or why it may yet work. */
  push(address: string, token: string): Promise<void>;
  close(): Promise<void>;
}

/**
 * Pushes security event tokens (RFC 8417) as RFC 8935 has it.
 *
 * @param ca PEM of the CA that may vouch for whom they go to; undefined: the public ones
 */
export function createTokenPusher(ca: string | undefined): TokenPusher {
  const agent = new Agent({
    connect: { ...(ca === undefined ? {} : { ca }), timeout: ANSWER_MS },
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
  });
  return {
    async push(address, token) {
      const answer = await request(address, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/secevent+jwt', accept: 'application/json' },
        body: token,
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      await answer.body.dump({ limit: ANSWER_BYTES });
      const { statusCode } = answer;
      if (statusCode >= 200 && statusCode < 300) return;
      if (statusCode >= 400 && statusCode < 500 && !PASSING.has(statusCode))
        throw new UndeliverableError(`answered with ${statusCode}`);
      throw new Error(`answered with ${statusCode}`);
    },
    close: () => agent.destroy(),
  };
}

/** `urn:consent-ledger:event:<kind>`: name of a security event. */
export const EVENT_PREFIX = 'urn:consent-ledger:event:';
