import type { Bench } from './bench.js';
import { privateWrites } from './block-view.js';
import { seek } from './deliver.js';
import type { LedgerIdentity } from './identity.js';
import type { LedgerOrganisation } from './target.js';

/** Asks or endorses on one organisation's peer only. */
export function own({ mspId }: LedgerOrganisation): { organisations: string[] } {
  return { organisations: [mspId] };
}

/** The private writes of a transaction by collection, as one organisation's peer gives them to an identity. */
export async function deliveredWrites(
  bench: Bench,
  organisation: LedgerOrganisation,
  identity: LedgerIdentity,
  { block, txId }: { block: number; txId: string },
): Promise<ReturnType<typeof privateWrites>> {
  const { withPrivate } = await seek(bench.raw(organisation), {
    identity,
    channel: bench.ledger.channel,
    start: block,
    stop: block,
    method: 'deliverWithPrivateData',
  });
  const [delivered] = withPrivate;
  if (delivered === undefined) {
    throw new Error(`block ${block} was not delivered`);
  }
  return privateWrites(delivered, (await bench.transaction({ block, txId })).index);
}
