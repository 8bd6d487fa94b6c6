import { Client, credentials } from '@grpc/grpc-js';
import { connect, signers, type Gateway } from '@hyperledger/fabric-gateway';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { organisationLayout, portsOf } from '@consent-ledger/network';
import { describeFailure } from '@consent-ledger/network/internal/fabric/channel-client';
import { issue } from '../ledger/authority.js';
import { PROBE_FUNCTION } from '../ledger/probe-chaincode/operations.js';
import { mspIdOf, type RunningConsortium } from './consortium.js';

/** Somebody of a member with a certificate of their own, at the gateways of any peers. */
export interface MemberClient {
  readonly certificatePem: string;
  write(at: string, key: string): Promise<void>;
  read(at: string, key: string): Promise<string>;
  /** Writes a key with itself as its value into a collection, through the client's own peer. */
  writePrivate(collection: string, endorsers: string[], key: string): Promise<void>;
  /** What that organisation's own peer holds. */
  readPrivate(at: string, collection: string, key: string): Promise<string>;
  /** A stream of chaincode events, open until somebody cuts it. */
  events(at: string): Promise<{ isOver(): Promise<boolean> }>;
  close(): void;
}

export async function memberClient(
  { dataDir, site }: RunningConsortium,
  member: string,
  commonName: string,
): Promise<MemberClient> {
  const { ca } = organisationLayout(dataDir, member);
  const authority = {
    certificate: await readFile(ca.certificate, 'utf8'),
    privateKey: await readFile(ca.key, 'utf8'),
  };
  const identity = await issue(authority, mspIdOf(member), { commonName, units: ['client'] });
  const open = new Map<string, { client: Client; gateway: Gateway }>();
  const contractAt = async (
    at: string,
  ): Promise<ReturnType<ReturnType<Gateway['getNetwork']>['getContract']>> => {
    let found = open.get(at);
    if (found === undefined) {
      const tlsCa = await readFile(organisationLayout(dataDir, at).tlsCa.certificate);
      const client = new Client(`127.0.0.1:${portsOf(site.plan, at).peer}`, credentials.createSsl(tlsCa));
      const gateway = connect({
        client,
        identity: { mspId: identity.mspId, credentials: Buffer.from(identity.certificate) },
        signer: signers.newPrivateKeySigner(identity.privateKey),
      });
      found = { client, gateway };
      open.set(at, found);
    }
    return found.gateway.getNetwork(site.topology.channel).getContract(site.readiness.chaincode);
  };
  const call = (operation: object): { arguments: string[] } => ({ arguments: [JSON.stringify([operation])] });
  return {
    certificatePem: identity.certificate,
    write: async (at, key) => {
      await (await contractAt(at)).submit(PROBE_FUNCTION, call({ op: 'put', key, value: key }));
    },
    read: async (at, key) => {
      const answer = await (await contractAt(at)).evaluate(PROBE_FUNCTION, call({ op: 'get', key }));
      const [value] = JSON.parse(Buffer.from(answer).toString()) as string[];
      return value ?? '';
    },
    writePrivate: async (collection, endorsers, key) => {
      await (
        await contractAt(member)
      ).submit(PROBE_FUNCTION, {
        ...call({ op: 'putTransient', key, field: 'value', collection }),
        transientData: { value: key },
        endorsingOrganizations: endorsers,
      });
    },
    readPrivate: async (at, collection, key) => {
      const answer = await (
        await contractAt(at)
      ).evaluate(PROBE_FUNCTION, {
        ...call({ op: 'get', key, collection }),
        endorsingOrganizations: [mspIdOf(at)],
      });
      const [value] = JSON.parse(Buffer.from(answer).toString()) as string[];
      return value ?? '';
    },
    events: async (at) => {
      await contractAt(at);
      const network = open.get(at)?.gateway.getNetwork(site.topology.channel);
      const stream = await network?.getChaincodeEvents(site.readiness.chaincode);
      let over = false;
      void (async () => {
        try {
          for await (const event of stream ?? []) event;
        } catch {
          // How it ended does not matter here.
        }
        over = true;
      })();
      return {
        isOver: async () => {
          for (let waited = 0; !over && waited < 10_000; waited += 50) await sleep(50);
          return over;
        },
      };
    },
    close: () => {
      for (const { client, gateway } of open.values()) {
        gateway.close();
        client.close();
      }
    },
  };
}

/** Whether a call fails because of who makes it. */
export async function isRefused(attempt: Promise<unknown>): Promise<boolean> {
  try {
    await attempt;
    return false;
  } catch (error) {
    if (/access denied|creator/.test(describeFailure(error))) return true;
    throw error;
  }
}
