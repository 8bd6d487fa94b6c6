import type { ChannelConfig } from './channel-config.js';
import { LiveChannel } from './live-channel.js';

/** The channel as it is now, and as it was for peers that have not got so far yet. */
export class ChannelHistory {
  readonly #live: LiveChannel;
  readonly #earlier: { readonly upTo: number; readonly channel: LiveChannel }[] = [];

  constructor(live: LiveChannel) {
    this.#live = live;
  }

  /** @param block Number of the block with the new configuration. */
  change(block: number, config: ChannelConfig): void {
    this.#earlier.push({ upTo: block, channel: new LiveChannel(this.#live.config, this.#live.peers) });
    this.#live.update(config);
  }

  /** For a peer of that height, which has the blocks below it. */
  at(height: number): LiveChannel {
    return this.#earlier.find(({ upTo }) => height <= upTo)?.channel ?? this.#live;
  }
}
