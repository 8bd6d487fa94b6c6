import { UndeliverableError, type Courier, type Message } from '../../ports/courier.js';
import { createTokenPusher, EVENT_PREFIX } from './push-token.js';

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

/** Pushes security event tokens (RFC 8417) as RFC 8935 has it, signed with the member's key, which `/.well-known/jwks.json` shows. */
export function createWebhookCourier(options: WebhookCourierOptions): Courier {
  const { hosts, ca, issuer, sign, now } = options;
  const pusher = createTokenPusher(ca);
  const accepts = (address: string): boolean => {
    const url = URL.parse(address);
    return url?.protocol === 'https:' && hosts.includes(url.host);
  };

  return {
    accepts,
    async send(address, message) {
      if (!accepts(address)) throw new UndeliverableError('the host is not one that webhooks may go to');
      await pusher.push(address, await sign(claimsOf(message, address, issuer, now())));
    },
    close: () => pusher.close(),
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
