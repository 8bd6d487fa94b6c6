import { createHash, randomBytes } from 'node:crypto';
import type { PublicJwk } from '@consent-ledger/chaincode/wire';
import type { Peers } from '@consent-ledger/gateway/internal/ports/peers';
import type { ReleaseFrame, SettledFrame } from '@consent-ledger/gateway/internal/release/frames';
import { wrapKey } from '@consent-ledger/gateway/internal/release/key-wrapping';
import type { Cheat } from './plan.js';

/** The requester's registered key, for which any member can wrap whatever it likes. */
export interface Recipient {
  readonly kid: string;
  readonly jwk: PublicJwk;
}

/**
 * The other members' gateways as they would be if they cheated: what a custodian sends is changed on its way, as only the
 * custodian could (it knows the requester's public key, so it can wrap keys for events of its own making).
 */
export function cheating(
  peers: Peers,
  cheat: () => Cheat | undefined,
  recipient: Recipient,
  onKeys: (event: string, records: readonly string[]) => void,
): Peers {
  let former: SettledFrame | undefined;
  return {
    ...peers,
    async *requestRelease(custodian, request, signal) {
      const which = cheat();
      let ciphertexts = 0;
      for await (const frame of peers.requestRelease(custodian, request, signal)) {
        if (frame.frame === 'ciphertext') {
          ciphertexts += 1;
          if (which === 'cut-short' && ciphertexts === 1) {
            yield { frame: 'ciphertext', bytes: frame.bytes.subarray(0, -1) };
            continue;
          }
        }
        if (frame.frame !== 'settled') {
          yield which === undefined ? frame : changed(frame, which, request);
          continue;
        }
        if (frame.keys.length > 0 && which === undefined)
          onKeys(
            frame.event.key,
            frame.keys.map(({ record }) => record),
          );
        const before = former;
        former = frame;
        if (which === 'never-settled') return;
        yield await changedEnd(frame, which, recipient, before);
        if (which === 'settled-twice') yield frame;
      }
    },
  };
}

function changed(frame: ReleaseFrame, cheat: Cheat, request: string): ReleaseFrame {
  if (frame.frame === 'ciphertext' && cheat === 'flipped-byte') {
    const bytes = Buffer.from(frame.bytes);
    bytes[Math.floor(bytes.length / 2)] = (bytes[Math.floor(bytes.length / 2)] ?? 0) ^ 1;
    return { frame: 'ciphertext', bytes };
  }
  if (frame.frame === 'record' && cheat === 'other-record') return { ...frame, record: 'another-record' };
  if (frame.frame === 'record' && cheat === 'other-digest') {
    return { ...frame, digest: createHash('sha256').update(request).digest('base64url') };
  }
  return frame;
}

async function changedEnd(
  frame: SettledFrame,
  cheat: Cheat | undefined,
  recipient: Recipient,
  former: SettledFrame | undefined,
): Promise<SettledFrame> {
  const { event, keys } = frame;
  switch (cheat) {
    case 'keys-swapped':
      return { ...frame, keys: rotated(keys) };
    case 'no-key':
      return { ...frame, keys: [] };
    case 'other-block':
      return { ...frame, event: { ...event, block: Math.max(0, event.block - 1) } };
    case 'changed-event': {
      const value = JSON.parse(Buffer.from(event.value, 'base64url').toString('utf8')) as { at: string };
      const other = Buffer.from(JSON.stringify({ ...value, at: '2020-01-01T00:00:00.000Z' }));
      return { ...frame, event: { ...event, value: other.toString('base64url') } };
    }
    case 'made-up-event': {
      const key = `event/${randomBytes(32).toString('hex')}`;
      const wrapped = await Promise.all(
        keys.map(async ({ record }) => {
          const payload = {
            event: key,
            record,
            version: 1,
            key: randomBytes(32).toString('base64url'),
          };
          return { record, jwe: await wrapKey(payload, recipient) };
        }),
      );
      return { ...frame, event: { ...event, key }, keys: wrapped };
    }
    case 'event-of-another-request':
      return former === undefined ? { ...frame, keys: [] } : { ...frame, event: former.event, keys };
    case 'cut-short':
    case 'flipped-byte':
    case 'never-settled':
    case 'other-digest':
    case 'other-record':
    case 'settled-twice':
    case undefined:
      return frame;
  }
}

function rotated(keys: SettledFrame['keys']): SettledFrame['keys'] {
  return keys.map(({ record }, index) => ({
    record,
    // Of a single key another record's is made: the ciphertext's tail, which opens nothing.
    jwe:
      keys.length > 1
        ? (keys[(index + 1) % keys.length]?.jwe ?? '')
        : `${keys[0]?.jwe.slice(0, -4) ?? ''}AAAA`,
  }));
}
