import { prepareConsortium, type PreparedConsortium } from '@consent-ledger/network';
import type { Consortium } from './consortium.js';
import { setUpIssuer } from './issuer-setup.js';

/** Makes what is missing in the data folder: identities, genesis block, each process's configuration. */
export async function prepareFolder(consortium: Consortium): Promise<PreparedConsortium> {
  const { dataDir, topology, plan } = consortium;
  const prepared = await prepareConsortium(topology, plan, dataDir);
  await setUpIssuer(consortium);
  return prepared;
}
