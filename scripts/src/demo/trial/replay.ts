import { readDelivered, Replay, type ReplayReport } from '@consent-ledger/audit';
import { openOwnPeer } from '../../audit/own-peer.js';

/** Decides every access again that a member may read of, from its own peer's blocks. */
export async function replayed(configurationFile: string): Promise<ReplayReport> {
  const peer = await openOwnPeer(configurationFile);
  try {
    const replay = new Replay({ chaincode: peer.chaincode });
    for await (const block of peer.blocks(await peer.height())) await replay.block(readDelivered(block));
    return replay.report();
  } finally {
    peer.close();
  }
}
