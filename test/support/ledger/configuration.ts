import { setTimeout as sleep } from 'node:timers/promises';
import { credentials } from '@grpc/grpc-js';
import { common, orderer } from '@hyperledger/fabric-protos';
import { computeUpdate } from '@consent-ledger/network/internal/operations/config/compute-update';
import {
  configurationIn,
  type ChannelConfiguration,
} from '@consent-ledger/network/internal/operations/config/channel-configuration';
import { copyOf } from '@consent-ledger/network/internal/operations/config/config-tree';
import {
  envelopeToSubmit,
  pendingUpdate,
  signUpdate,
  withSignatures,
  type PendingUpdate,
  type Signatory,
} from '@consent-ledger/network/internal/operations/config/update-file';
import type { Bench } from './bench.js';
import { CALL_DEADLINE_MS } from './calls.js';
import type { LedgerIdentity } from './identity.js';
import type { OrdererEndpoint } from './target.js';

/** What an orderer answered. */
export interface Answer {
  /** Of common.Status. */
  readonly status: string;
  readonly info: string;
}

export function signatory({ mspId, certificate, privateKey }: LedgerIdentity): Signatory {
  const keyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { mspId, identity: { certificatePem: certificate, keyPem } };
}

/** The configuration in force on a's peer. */
export async function configuration(bench: Bench): Promise<ChannelConfiguration> {
  const newest = await bench.block((await bench.height()) - 1);
  const [signatures = new Uint8Array()] = newest.getMetadata()?.getMetadataList_asU8() ?? [];
  const value = common.Metadata.deserializeBinary(signatures).getValue_asU8();
  const index = common.OrdererBlockMetadata.deserializeBinary(value).getLastConfig()?.getIndex() ?? 0;
  return configurationIn((await bench.block(index)).serializeBinary());
}

/** An update that makes the change, signed by the admins of these organisations. */
export async function update(
  bench: Bench,
  change: (channel: common.ConfigGroup) => void,
  signers: readonly LedgerIdentity[] = admins(bench),
): Promise<PendingUpdate> {
  const { channel, group } = await configuration(bench);
  const wanted = copyOf(group);
  change(wanted);
  const pending = pendingUpdate(computeUpdate(channel, group, wanted));
  const signatures = await Promise.all(signers.map((signer) => signUpdate(pending, signatory(signer))));
  return withSignatures(pending, signatures);
}

export function admins(bench: Bench): LedgerIdentity[] {
  return [bench.a, bench.b, bench.c, bench.d].map(({ admin }) => admin);
}

/** Sends it, as a's admin unless told otherwise. */
export async function submit(
  bench: Bench,
  pending: PendingUpdate,
  as: LedgerIdentity = bench.a.admin,
): Promise<Answer> {
  const envelope = await envelopeToSubmit(pending, signatory(as));
  const [first] = bench.ledger.orderers;
  if (first === undefined) throw new RangeError('the ledger has no orderer');
  return broadcast(first, envelope);
}

/** Makes the change, and waits until every peer has it. Gives the configuration after it. */
export async function reconfigure(
  bench: Bench,
  change: (channel: common.ConfigGroup) => void,
): Promise<ChannelConfiguration> {
  const before = await configuration(bench);
  const pending = await update(bench, change);
  const answer = await submit(bench, pending);
  if (answer.status !== 'SUCCESS') throw new Error(`the update was refused: ${answer.info}`);
  for (;;) {
    const after = await configuration(bench);
    const heights = await Promise.all(
      [bench.a, bench.b, bench.c, bench.d].map((organisation) => bench.height(organisation)),
    );
    const all = after.sequence > before.sequence && heights.every((height) => height > after.blockNumber);
    if (all) return after;
    await sleep(50);
  }
}

export function broadcast({ endpoint, tlsCa }: OrdererEndpoint, envelope: common.Envelope): Promise<Answer> {
  const client = new orderer.AtomicBroadcastClient(endpoint, credentials.createSsl(tlsCa));
  const stream = client.broadcast({ deadline: Date.now() + CALL_DEADLINE_MS });
  return new Promise<Answer>((resolve, reject) => {
    stream.on('data', (answer: orderer.BroadcastResponse) => {
      resolve({ status: statusName(answer.getStatus()), info: answer.getInfo() });
    });
    stream.on('error', reject);
    stream.write(envelope);
    stream.end();
  }).finally(() => {
    client.close();
  });
}

export function statusName(status: number): string {
  return (
    Object.entries(common.Status).find(([, value]) => (value as number) === status)?.[0] ?? String(status)
  );
}
