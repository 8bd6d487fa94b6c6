import {
  fabricConfiguration,
  prepareConsortium,
  replaceIfDifferent,
  type PreparedConsortium,
} from '@consent-ledger/network';
import { embeddedLedgerConfiguration } from '@consent-ledger/network/embedded/configure';
import type { Consortium } from './consortium.js';
import { setUpIssuer } from './issuer-setup.js';
import { ledgerConfigFile } from './paths.js';
import { CHAINCODE_SCRIPT } from './processes.js';

/** Makes what is missing in the data folder: identities, genesis block, each process's configuration. */
export async function prepareFolder(consortium: Consortium): Promise<PreparedConsortium> {
  const { dataDir, ledger: kind, topology, plan } = consortium;
  const prepared = await prepareConsortium(topology, plan, dataDir);
  const ledger =
    kind === 'embedded'
      ? embeddedLedgerConfiguration(topology, plan, dataDir, prepared)
      : fabricConfiguration(topology, plan, dataDir, CHAINCODE_SCRIPT);
  await replaceIfDifferent(ledgerConfigFile(dataDir), `${JSON.stringify(ledger, null, 2)}\n`);
  await setUpIssuer(consortium);
  return prepared;
}
