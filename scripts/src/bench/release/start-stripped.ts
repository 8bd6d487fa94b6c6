import type { ChildProcess } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { member, type Member } from '@consent-ledger/chaincode/wire';
import {
  type ApplicationJwk,
  loadOrganisation,
  memberLayout,
  organisationNamed,
} from '@consent-ledger/network';
import type { Consortium } from '../../consortium/consortium.js';
import { endChild, startChild, wordOf } from './children.js';
import type { StrippedCustodianSettings } from './stripped-custodian.js';
import type { StrippedRequesterSettings } from './stripped-requester.js';

export interface StrippedOptions {
  readonly custodian: string;
  readonly requester: string;
  readonly subjects: number;
  readonly recordsEach: number;
  readonly bytes: number;
}

/** Two processes that do all that two gateways do but decide and log. */
export interface Stripped {
  /** Address of the requester's. */
  readonly base: string;
  readonly records: readonly string[];
  stop(): Promise<void>;
}

export async function startStripped(
  consortium: Consortium,
  folder: string,
  options: StrippedOptions,
): Promise<Stripped> {
  const { dataDir, topology } = consortium;
  const folderOf = async (name: string): Promise<string> => {
    const made = path.join(folder, name);
    await mkdir(made, { recursive: true });
    return made;
  };
  const { subjects, recordsEach, bytes } = options;
  const children: ChildProcess[] = [];
  const start = async (name: string, settings: object): Promise<number> => {
    const child = startChild(name, settings, true);
    children.push(child);
    return ((await wordOf(child)) as { port: number }).port;
  };
  const custodianSettings: StrippedCustodianSettings = {
    configuration: memberLayout(dataDir, options.custodian).configuration,
    folder: await folderOf('custodian'),
    requester: await registered(consortium, options.requester),
    subjects,
    recordsEach,
    bytes,
  };
  const port = await start('stripped-custodian', custodianSettings);
  const requesterSettings: StrippedRequesterSettings = {
    configuration: memberLayout(dataDir, options.requester).configuration,
    folder: await folderOf('requester'),
    custodian: organisationNamed(topology, options.custodian).mspId,
    port,
  };
  const own = await start('stripped-requester', requesterSettings);
  return {
    base: `https://${organisationNamed(topology, options.requester).host}:${own}`,
    records: Array.from(
      { length: subjects * recordsEach },
      (_, place) => `record-${Math.floor(place / recordsEach)}-${place % recordsEach}`,
    ),
    stop: async () => {
      for (const child of children.reverse()) await endChild(child);
    },
  };
}

/** The member as the ledger has it, made of what it registered. */
async function registered({ dataDir, topology }: Consortium, name: string): Promise<Member> {
  const organisation = organisationNamed(topology, name);
  const { gateway } = await loadOrganisation(dataDir, organisation);
  return member.parse({
    v: 1,
    mspId: organisation.mspId,
    name,
    kind: organisation.kind,
    displayName: organisation.displayName,
    gateway: `https://${organisation.host}:1`,
    keys: [
      { kid: gateway.signing.kid, use: 'sig', jwk: keyOf(gateway.signing), status: 'active' },
      { kid: gateway.encryption.kid, use: 'enc', jwk: keyOf(gateway.encryption), status: 'active' },
    ],
    issuers: [],
    status: 'active',
  });
}

/** The key alone, as the ledger has it. */
function keyOf(jwk: ApplicationJwk): object {
  if (jwk.kty === 'AKP') return { kty: jwk.kty, alg: jwk.alg, pub: jwk.pub };
  return { kty: jwk.kty, crv: jwk.crv, x: jwk.x, y: jwk.y };
}
