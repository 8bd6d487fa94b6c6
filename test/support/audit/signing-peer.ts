import { canonicalText, parseCheckpoint, type SignedCheckpoint } from '@consent-ledger/chaincode/wire';
import { MadeChain, MadeHistory, type OwnPeer } from '@consent-ledger/scripts';
import type { peer } from '@hyperledger/fabric-protos';

export const EVERY = 1_000;
const START = Date.parse('2026-03-01T08:00:00.000Z');

/** A history of so many blocks, of which all but the first two are empty. */
export function longHistory(blocks: number): {
  readonly ledger: string;
  readonly blocks: peer.BlockAndPrivateData[];
} {
  const chain = new MadeChain();
  const made = new MadeHistory();
  const all = [chain.block([])];
  made.ledgerId = chain.ledgerId;
  all.push(chain.block([made.founding(START)]));
  while (all.length < blocks) all.push(chain.block([]));
  return { ledger: chain.ledgerId, blocks: all };
}

/** What a member has to sign with: its blocks, of which it may end early, and a registry that remembers what was signed. */
export class SigningPeer {
  /** From which block on it was read, each time. */
  readonly readFrom: number[] = [];
  readonly #signed = new Map<number, SignedCheckpoint[]>();
  /** Fails before this block. */
  breaksAt = Infinity;

  constructor(
    readonly dataDirectory: string,
    readonly history: ReturnType<typeof longHistory>,
  ) {}

  /** As what signs sees it. */
  get own(): OwnPeer {
    const mspId = 'RiversideMSP';
    const only: Partial<OwnPeer> = {
      ledgerId: this.history.ledger,
      mspId,
      dataDirectory: this.dataDirectory,
      configuration: { ledger: { checkpointBlocks: EVERY } } as OwnPeer['configuration'],
      source: { blocks: (from, end) => this.#blocks(from, end) },
      sign: () => Promise.resolve(Buffer.from('signature')),
      apply: (command) => {
        if (command.command !== 'sign-checkpoint') throw new RangeError(command.command);
        this.signs(mspId, command.checkpoint);
        return Promise.resolve();
      },
      query: (query) => {
        if (query.query !== 'checkpoint') throw new RangeError(query.query);
        const signatures = this.#signed.get(query.block) ?? [];
        return Promise.resolve(Buffer.from(canonicalText({ signatures })));
      },
    };
    return only as OwnPeer;
  }

  /** Numbers of the blocks that somebody signed. */
  get signed(): number[] {
    return [...this.#signed.keys()].sort((a, b) => a - b);
  }

  /** Texts that were signed for one block. */
  texts(block: number): string[] {
    return (this.#signed.get(block) ?? []).map(({ checkpoint }) => checkpoint);
  }

  signs(mspId: string, checkpoint: string): void {
    const block = parseCheckpoint(checkpoint)?.block;
    if (block === undefined) throw new RangeError(checkpoint);
    const one = { v: 1 as const, mspId, checkpoint, certificate: 'AAAA', signature: 'A'.repeat(96) };
    this.#signed.set(block, [...(this.#signed.get(block) ?? []), one]);
  }

  async *#blocks(from: number, end = Infinity): AsyncGenerator<peer.BlockAndPrivateData> {
    this.readFrom.push(from);
    for (const [at, block] of this.history.blocks.entries()) {
      if (at < from || at >= end) continue;
      if (at >= this.breaksAt) throw new Error('the peer is gone');
      yield await Promise.resolve(block);
    }
  }
}
