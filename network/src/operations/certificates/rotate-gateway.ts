import {
  canonicalBytes,
  hybridJwk,
  member,
  memberKeyEntry,
  publicJwk,
  type Member,
  type MemberKeyEntry,
} from '@consent-ledger/chaincode/wire';
import { z } from 'zod';
import { channelClient } from '../../fabric/channel-client.js';
import { portsOf } from '../../topology/index.js';
import { serves } from '../ledger/served-certificate.js';
import { adminOf } from '../site.js';
import type { Step } from '../steps.js';
import { installStep, type Rotation } from './rotation.js';
import { tlsCaOf } from './tls-ca.js';

/** An organisation's gateway, which reads its files when it starts. */
export interface RotatedGateway {
  /** Nothing when it does not run. */
  restart(): Promise<void>;
  /** Whether it was started after these files were changed last, or does not run under anybody's eyes. */
  isCurrent(files: readonly string[]): Promise<boolean>;
}

/** What it serves with, and the identity that it transacts as. */
export function gatewaySteps(rotation: Rotation, gateway: RotatedGateway): Step[] {
  const { layout } = rotation;
  return [
    installStep(rotation),
    restartStep(rotation, gateway, [
      layout.gatewayClient.identity.certificate,
      layout.gateway.tls.certificate,
    ]),
  ];
}

/** The gateway registers its member as the admin, so it holds that certificate too. */
export function adminSteps(rotation: Rotation, gateway: RotatedGateway): Step[] {
  return [
    installStep(rotation),
    restartStep(rotation, gateway, [rotation.layout.admin.identity.certificate]),
  ];
}

/**
 * The keys that requests and receipts are signed with, and that records' keys are sealed for. The old ones are retired on the
 * ledger in the same transaction that registers the new: from then on nobody takes anything that they have signed.
 */
export function keysSteps(rotation: Rotation, gateway: RotatedGateway): Step[] {
  const { layout, organisation } = rotation;
  return [
    {
      title: `register the new keys of ${organisation.name} on the ledger, and retire the old ones`,
      isDone: async () => {
        const registered = await registeredMember(rotation);
        return registered === undefined || isRegistered(registered, await stagedKeys(rotation));
      },
      run: () => register(rotation),
    },
    installStep(rotation),
    restartStep(rotation, gateway, [layout.gateway.signing.publicJwk, layout.gateway.encryption.publicJwk]),
  ];
}

function restartStep(rotation: Rotation, gateway: RotatedGateway, files: readonly string[]): Step {
  const { name } = rotation.organisation;
  return {
    title: `restart the gateway of ${name}`,
    isDone: async () => (await gateway.isCurrent(files)) && (await servesWhatIsInstalled(rotation)),
    run: () => gateway.restart(),
    settleMs: 120_000,
  };
}

/** True too when nothing listens there. */
async function servesWhatIsInstalled(rotation: Rotation): Promise<boolean> {
  const { part, site, organisation, layout, staged } = rotation;
  if (part !== 'gateway') return true;
  const { gateway } = portsOf(site.plan, organisation.name);
  const pem = await staged.read(layout.gateway.tls.certificate);
  try {
    return await serves(organisation.host, gateway, await tlsCaOf(rotation), pem);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED') return true;
    throw error;
  }
}

const named = { kid: z.string() };
const stagedJwk = z.discriminatedUnion('kty', [
  z.object({ ...publicJwk.shape, ...named }),
  z.object({ ...hybridJwk.shape, ...named }),
]);

async function stagedKeys({ layout, staged }: Rotation): Promise<MemberKeyEntry[]> {
  const read = async (file: string): Promise<z.infer<typeof stagedJwk>> =>
    stagedJwk.parse(JSON.parse(await staged.read(file)));
  const { kid: signatureKid, ...signing } = await read(layout.gateway.signing.publicJwk);
  const { kid, ...encryption } = await read(layout.gateway.encryption.publicJwk);
  return [
    memberKeyEntry.parse({ kid: signatureKid, use: 'sig', jwk: signing, status: 'active' }),
    { kid, use: 'enc', jwk: encryption, status: 'active' },
  ];
}

function isRegistered({ keys }: Member, wanted: readonly MemberKeyEntry[]): boolean {
  const active = keys.filter(({ status }) => status === 'active').map(({ kid }) => kid);
  return active.length === wanted.length && wanted.every(({ kid }) => active.includes(kid));
}

/** What the ledger says of the member; undefined when it is not registered yet, which its gateway does when it starts. */
async function registeredMember({ site, organisation }: Rotation): Promise<Member | undefined> {
  const client = channelClient(await adminOf(site, organisation.name), site.topology.channel);
  try {
    const query = { v: 1, query: 'member', mspId: organisation.mspId };
    const bytes = await client
      .contract(site.topology.chaincode.name)
      .evaluate('registry:query', { arguments: [canonicalBytes(query)] });
    return bytes.length === 0 ? undefined : member.parse(JSON.parse(Buffer.from(bytes).toString()));
  } finally {
    client.close();
  }
}

async function register(rotation: Rotation): Promise<void> {
  const { site, organisation } = rotation;
  const registered = await registeredMember(rotation);
  if (registered === undefined) return;
  const fresh = await stagedKeys(rotation);
  const { mspId, name, kind, displayName, gateway, issuers } = registered;
  const retired = registered.keys
    .filter(({ kid }) => !fresh.some((key) => key.kid === kid))
    .map((key): MemberKeyEntry => ({ ...key, status: 'retired' }));
  const keys = [...retired, ...fresh];
  const statement = { mspId, name, kind, displayName, gateway, keys, issuers };
  const command = { v: 1, command: 'register-member', member: statement };
  const client = channelClient(await adminOf(site, organisation.name), site.topology.channel);
  try {
    await client
      .contract(site.topology.chaincode.name)
      .submit('registry:apply', { arguments: [canonicalBytes(command)] });
  } finally {
    client.close();
  }
}
