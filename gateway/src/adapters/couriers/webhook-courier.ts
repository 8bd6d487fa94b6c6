import { Agent, request } from 'undici';
import { UndeliverableError, type Courier, type Message } from '../../ports/courier.js';

export interface WebhookCourierOptions {
  /** `host` or `host:port` to which messages may go: whoever gives an address must not choose whom this gateway calls. */
  readonly hosts: readonly string[];
  /** PEM of the CA that may vouch for them; absent: the public ones. */
  readonly ca: string | undefined;
  /** Address of this gateway: `iss` of what it signs. */
  readonly issuer: string;
  readonly sign: (claims: object) => Promise<string>;
  readonly now: () => number;
}

const ANSWER_MS = 10_000;
const ANSWER_BYTES = 64 * 1024;
/** 4xx answers that may be another one next time (RFC 9110, RFC 8470, RFC 6585). */
const PASSING = new Set([408, 421, 425, 429]);

/** `urn:consent-ledger:event:<kind>`: name of a security event. */
const EVENT_PREFIX = 'urn:consent-ledger:event:';

/** Pushes security event tokens (RFC 8417) as RFC 8935 has it, signed with the member's key, which `/.well-known/jwks.json` shows. */
export function createWebhookCourier(options: WebhookCourierOptions): Courier {
  const { hosts, ca, issuer, sign, now } = options;
  const agent = new Agent({
    connect: { ...(ca === undefined ? {} : { ca }), timeout: ANSWER_MS },
    headersTimeout: ANSWER_MS,
    bodyTimeout: ANSWER_MS,
  });
  const accepts = (address: string): boolean => {
    const url = URL.parse(address);
    return url?.protocol === 'https:' && hosts.includes(url.host);
  };

  return {
    accepts,
    async send(address, message) {
      if (!accepts(address)) throw new UndeliverableError('the host is not one that webhooks may go to');
      const body = await sign(claimsOf(message, address, issuer, now()));
      const answer = await request(address, {
        method: 'POST',
        dispatcher: agent,
        headers: { 'content-type': 'application/secevent+jwt', accept: 'application/json' },
        body,
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

function claimsOf({ id, subject, kind, at }: Message, address: string, issuer: string, now: number): object {
  return {
    iss: issuer,
    aud: new URL(address).origin,
    jti: id,
    iat: Math.floor(now / 1000),
    sub_id: { format: 'opaque', id: subject },
    events: { [`${EVENT_PREFIX}${kind}`]: { at } },
  };
}
