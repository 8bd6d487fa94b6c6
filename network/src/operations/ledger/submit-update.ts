import { orderer, type common } from '@hyperledger/fabric-protos';
import { setTimeout as sleep } from 'node:timers/promises';
import { HopelessError, waitUntil } from '../../fabric/wait-until.js';
import { applyUpdate, staleElements } from '../config/applied-update.js';
import type { ChannelConfiguration } from '../config/channel-configuration.js';
import { ConfigurationError } from '../config/config-tree.js';
import { judgeSignatures } from '../config/signatures.js';
import { envelopeToSubmit, type PendingUpdate, type Signatory } from '../config/update-file.js';
import { deadline, statusName, tls, type BlockReader } from './block-reader.js';
import type { Endpoint } from './endpoint.js';

/** A leader may have to be elected first, and a BFT follower passes on only after its forward timeout. */
const COMMIT_TIMEOUT_MS = 60_000;
/** Between two tries: an orderer's acknowledgment is no commit (a Raft leader takes what it has not replicated with it). */
const AGAIN_MS = 3_000;

export interface SubmitOptions {
  readonly pending: PendingUpdate;
  readonly submitter: Signatory;
  /** Tried in this order, the next time from the second on, and so on. */
  readonly orderers: readonly Endpoint[];
  /** Where the update must be in force in the end. */
  readonly ledger: Pick<BlockReader, 'configuration'>;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a configuration is exactly as it is after the update. */
export function isInForce({ group }: ChannelConfiguration, { update }: PendingUpdate): boolean {
  if (staleElements(group, update).length === 0) return false;
  return Buffer.from(applyUpdate(group, update).serializeBinary()).equals(group.serializeBinary());
}

/**
 * Submits an update and waits until the ledger has it. What an orderer answers decides nothing: the configuration's
 * sequence does. The same update is sent again as long as it is not there and can still become so.
 *
 * @throws ConfigurationError when it was made for an older configuration or lacks signatures
 */
export async function submitUpdate(options: SubmitOptions): Promise<ChannelConfiguration> {
  const { pending, submitter, ledger, signal } = options;
  const before = await ledger.configuration();
  if (isInForce(before, pending)) return before;
  refuseUnsubmittable(before, pending);
  const envelope = await envelopeToSubmit(pending, submitter);
  let lastAnswer = 'nothing was sent yet';
  let sentAt = -Infinity;
  let attempts = 0;
  const what = `the configuration of ${pending.channel} to have the update`;
  return waitUntil({ what, timeoutMs: COMMIT_TIMEOUT_MS, intervalMs: 100, signal }, async () => {
    const now = await ledger.configuration();
    if (isInForce(now, pending)) return now;
    if (now.sequence !== before.sequence) {
      const stale = staleElements(now.group, pending.update);
      if (stale.length > 0) throw new HopelessError(staleMessage(stale));
    }
    if (performance.now() - sentAt > AGAIN_MS) {
      sentAt = performance.now();
      lastAnswer = await broadcast(envelope, rotated(options.orderers, attempts++));
      await sleep(50);
    }
    throw new Error(`it is at sequence ${now.sequence}; the orderers said: ${lastAnswer}`);
  });
}

function refuseUnsubmittable(configuration: ChannelConfiguration, pending: PendingUpdate): void {
  if (pending.channel !== configuration.channel) {
    throw new ConfigurationError(
      `the update is for channel ${pending.channel}, not ${configuration.channel}`,
    );
  }
  const stale = staleElements(configuration.group, pending.update);
  if (stale.length > 0) throw new ConfigurationError(staleMessage(stale));
  const { missing, signed } = judgeSignatures(configuration, pending);
  if (missing.length > 0) {
    const reasons = missing.map(({ policy, reason }) => `${policy}: ${reason}`).join('; ');
    throw new ConfigurationError(
      `signatures are missing (signed so far: ${signed.join(', ') || 'nobody'}). ${reasons}`,
    );
  }
}

function staleMessage(paths: readonly string[]): string {
  return `the configuration has changed since the update was made (${paths.join(', ')}): propose it again and have it signed again`;
}

/** Begins with another one each time: an orderer that is cut off from the others takes what it is given, and that is all. */
function rotated<T>(all: readonly T[], by: number): T[] {
  const first = all.length === 0 ? 0 : by % all.length;
  return [...all.slice(first), ...all.slice(0, first)];
}

/** Sends to one orderer after the other until one takes it; gives their answers, since none of them is the outcome. */
async function broadcast(envelope: common.Envelope, orderers: readonly Endpoint[]): Promise<string> {
  const answers: string[] = [];
  for (const endpoint of orderers) {
    const answer = await broadcastTo(envelope, endpoint);
    answers.push(`${endpoint.name}: ${answer}`);
    if (answer === 'SUCCESS') break;
  }
  return answers.join('; ');
}

async function broadcastTo(envelope: common.Envelope, endpoint: Endpoint): Promise<string> {
  const client = new orderer.AtomicBroadcastClient(endpoint.address, tls(endpoint));
  try {
    const stream = client.broadcast(deadline());
    return await new Promise<string>((resolve) => {
      stream.on('data', (answer: orderer.BroadcastResponse) => {
        const status = statusName(answer.getStatus());
        resolve(answer.getInfo() === '' ? status : `${status} (${answer.getInfo()})`);
      });
      stream.on('error', (error: Error) => {
        resolve(error.message);
      });
      stream.on('end', () => {
        resolve('no answer');
      });
      stream.write(envelope);
      stream.end();
    });
  } finally {
    client.close();
  }
}
