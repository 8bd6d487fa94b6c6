import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { makeFolder, replaceIfDifferent } from '../identities/folders.js';
import {
  dataLayout,
  IdentityError,
  loadIdentities,
  makeIdentities,
  memberLayout,
  type Identities,
} from '../identities/index.js';
import type { PortPlan, Topology } from '../topology/index.js';
import { ownChaincodeServer, sharedChaincodeServer, type ChaincodeServer } from './chaincode-server.js';
import { collections, collectionsJson } from './collections.js';
import { afterFormer, gatewayConfiguration, type AgreedCollections } from './gateway-configuration.js';
import { freshSeed, genesisBlock, ledgerId } from './genesis.js';

/** Everything that derives from the topology, made and in place. */
export interface PreparedConsortium {
  readonly identities: Identities;
  /** Serialised common.Block. */
  readonly genesisBlock: Buffer;
  readonly ledgerId: string;
  /** One for all on the embedded ledger, one per organisation whose keys are here (in the topology's order) on Fabric. */
  readonly chaincodeServers: readonly ChaincodeServer[];
}

const OWNER_ONLY = 0o700;

/**
 * Makes what is missing in a data folder: keys and certificates, the genesis block (once, never again), collections,
 * chaincode packages, a configuration for each gateway. Runs again after a crash, and changes nothing then. Only one
 * process may do this on a data folder at a time. Throws an IdentityError for damaged key material.
 */
export async function prepareConsortium(
  topology: Topology,
  plan: PortPlan,
  dataDir: string,
  now = new Date(),
): Promise<PreparedConsortium> {
  const root = resolve(dataDir);
  const layout = dataLayout(root);
  await mkdir(root, { recursive: true, mode: OWNER_ONLY });
  await makeIdentities(topology, root, now);
  const identities = await loadIdentities(topology, root);
  await makeFolder(layout.channel, () => {
    if (identities.organisations.length < topology.organisations.length) {
      throw new IdentityError(
        `${layout.genesisBlock} is missing, and not everybody's keys are here: take it from another member`,
      );
    }
    const content = genesisBlock(topology, plan, identities.organisations, freshSeed(now));
    return Promise.resolve([{ path: 'genesis.block', content }]);
  });
  const genesis = await readFile(layout.genesisBlock);
  const id = ledgerId(genesis);
  const servers =
    topology.ordering.type === 'embedded'
      ? [sharedChaincodeServer(topology, plan, identities.services)]
      : identities.organisations.map((organisation) => ownChaincodeServer(topology, plan, organisation));

  await replaceIfDifferent(layout.collections, collectionsJson(collections(topology)));
  await mkdir(layout.packages, { recursive: true, mode: OWNER_ONLY });
  for (const server of servers) {
    await replaceIfDifferent(packageFile(root, server.name), server.package.bytes, true);
  }
  for (const { name } of identities.organisations) {
    const member = memberLayout(root, name);
    await mkdir(member.data, { recursive: true, mode: OWNER_ONLY });
    const wanted = gatewayConfiguration(topology, plan, root, name, id);
    const present = await readAgreed(member.configuration);
    const configuration = present === undefined ? wanted : afterFormer(wanted, present);
    await replaceIfDifferent(member.configuration, `${JSON.stringify(configuration, null, 2)}\n`);
  }
  return { identities, genesisBlock: genesis, ledgerId: id, chaincodeServers: servers };
}

/** What a gateway was configured with so far; undefined when it was not, or not by us. */
async function readAgreed(file: string): Promise<AgreedCollections | undefined> {
  try {
    return configured.parse(JSON.parse(await readFile(file, 'utf8'))).ledger;
  } catch {
    return undefined; // there is none yet, or it is damaged, and is written anew
  }
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const configured = z.object({
  ledger: z.object({ collectionsDigest: digest, formerCollectionsDigest: digest.exactOptional() }),
});

/** Where the chaincode package of a server lies. */
export function packageFile(dataDir: string, serverName: string): string {
  return join(dataLayout(dataDir).packages, `${serverName}.tar.gz`);
}
