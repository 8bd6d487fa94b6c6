import { TwoGenerationCache } from '../store/two-generation-cache.js';
import type { MspIdentity } from './identity.js';
import type { Msp } from './msp.js';
import { readSerializedIdentity } from './serialized-identity.js';

const CACHED_IDENTITIES = 4096;

/** The MSPs of a channel. A known certificate costs one look-up; its chain and role are not judged again. */
export class MspManager {
  readonly #msps: ReadonlyMap<string, Msp>;
  readonly #known = new TwoGenerationCache<MspIdentity>(CACHED_IDENTITIES);

  constructor(msps: Iterable<Msp>) {
    this.#msps = new Map(Array.from(msps, (msp) => [msp.mspId, msp]));
  }

  /**
   * @param serialized msp.SerializedIdentity.
   * @throws Error when the MSP is not defined on this channel, or the certificate's issuer is not known to it.
   */
  deserialize(serialized: Uint8Array): MspIdentity {
    const key = Buffer.from(serialized.buffer, serialized.byteOffset, serialized.byteLength).toString(
      'latin1',
    );
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const { mspId, idBytes } = readSerializedIdentity(serialized);
    const msp = this.#msps.get(mspId);
    if (msp === undefined) throw new Error(`MSP ${mspId} is not defined on channel`);
    const identity = msp.deserialize(idBytes);
    this.#known.set(key, identity);
    return identity;
  }
}
