import { makeIdentities } from '@consent-ledger/network';
import type { Consortium } from './consortium.js';
import { setUpIssuer } from './issuer-setup.js';

/** Makes what is missing in the data folder: identities, genesis block, each process's configuration. */
export async function prepareFolder({ dataDir, topology, plan }: Consortium): Promise<void> {
  await makeIdentities(topology, dataDir);
  await setUpIssuer(dataDir, topology, plan);
}
