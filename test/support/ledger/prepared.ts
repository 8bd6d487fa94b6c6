import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import {
  dataLayout,
  freshSeed,
  genesisBlock,
  loadIdentities,
  makeIdentities,
  prepareConsortium,
  type OrganisationMaterial,
  type PortPlan,
  type PreparedConsortium,
  type Topology,
} from '@consent-ledger/network';
import { revokedToo } from '@consent-ledger/network/internal/operations/certificates/revocation-list';
import { setRevocationLists } from '@consent-ledger/network/internal/operations/config/revocations';
import { common } from '@hyperledger/fabric-protos';
import { issue, type Authority } from './authority.js';
import type { LedgerIdentity } from './identity.js';
import { authorityOf } from './organisation.js';

export interface SuiteConsortium {
  readonly prepared: PreparedConsortium;
  /** An identity of the first organisation that the genesis block's revocation list names. */
  readonly revoked: LedgerIdentity;
}

/** A consortium in a folder, whose genesis block already revokes one certificate. */
export async function prepareSuite(
  topology: Topology,
  plan: PortPlan,
  dataDir: string,
): Promise<SuiteConsortium> {
  await makeIdentities(topology, dataDir);
  const { organisations } = await loadIdentities(topology, dataDir);
  const [first] = organisations;
  if (first === undefined) throw new RangeError('the topology has no organisation');
  const authority = authorityOf(first);
  const revoked = await issue(authority, first.mspId, { commonName: 'leaver', units: ['client'] });

  const block = genesisBlock(topology, plan, organisations, freshSeed(new Date()));
  const layout = dataLayout(dataDir);
  await mkdir(layout.channel, { recursive: true, mode: 0o700 });
  await writeFile(layout.genesisBlock, await revoking(block, first, authority, revoked));
  return { prepared: await prepareConsortium(topology, plan, dataDir), revoked };
}

async function revoking(
  genesis: Uint8Array,
  { mspId }: OrganisationMaterial,
  authority: Authority,
  { certificate }: LedgerIdentity,
): Promise<Uint8Array> {
  const issuer = { certificatePem: authority.certificate, keyPem: authority.privateKey };
  const lists = await revokedToo([], issuer, certificate, new Date());
  const block = common.Block.deserializeBinary(genesis);
  const [bytes = new Uint8Array()] = block.getData()?.getDataList_asU8() ?? [];
  const envelope = common.Envelope.deserializeBinary(bytes);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const configuration = common.ConfigEnvelope.deserializeBinary(payload.getData_asU8());
  const channel = configuration.getConfig()?.getChannelGroup();
  if (channel === undefined) throw new RangeError('the genesis block holds no configuration');
  setRevocationLists(channel, mspId, lists);

  payload.setData(configuration.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  const changed = envelope.serializeBinary();
  block.getData()?.setDataList([changed]);
  block.getHeader()?.setDataHash(createHash('sha256').update(changed).digest());
  return block.serializeBinary();
}
