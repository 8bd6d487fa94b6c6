import { status as Code } from '@grpc/grpc-js';
import type { Channel, SignedData } from '../ports.js';
import { StatusError } from './status-error.js';

const READERS = '/Channel/Application/Readers';

/** Readers may ask for commits and events; an expired certificate does not matter here, as in Fabric. */
export function requireReader(
  channel: Channel,
  resource: string,
  channelId: string,
  signed: SignedData,
): void {
  if (channelId !== channel.channelId) {
    throw new StatusError(Code.PERMISSION_DENIED, `failed to get policy manager for channel [${channelId}]`);
  }
  const policy = channel.policyFor(resource, READERS);
  const refusal = channel.policyRefusal(policy, [signed]);
  if (refusal !== undefined) {
    throw new StatusError(
      Code.PERMISSION_DENIED,
      `Failed evaluating policy on signed data during check policy on channel [${channelId}] with policy [${policy}]: [${refusal}]`,
    );
  }
}
