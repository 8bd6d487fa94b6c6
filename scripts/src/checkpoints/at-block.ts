import { HistoryTree } from '@consent-ledger/audit';
import type { OwnPeer } from '../audit/own-peer.js';

/** The history of the own peer up to a block, with its tree. Throws what a HistoryTree throws. */
export async function historyUpTo(peer: OwnPeer, block: number): Promise<HistoryTree> {
  const history = new HistoryTree();
  for await (const delivered of peer.source.blocks(0, block + 1, new AbortController().signal))
    history.take(delivered);
  return history;
}
