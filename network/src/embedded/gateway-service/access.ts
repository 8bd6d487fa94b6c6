import { status as Code } from '@grpc/grpc-js';
import type { Channel, SignedData } from '../ports.js';
import { StatusError } from './status-error.js';

const READERS = '/Channel/Application/Readers';

/** Readers may ask for commits and events; an expired certificate does not matter here, as in Fabric. */
export function requireReader(channel: Channel, channelId: string, signed: SignedData): void {
  if (channelId !== channel.channelId) {
    throw new StatusError(Code.PERMISSION_DENIED, `failed to get policy manager for channel [${channelId}]`);
  }
  if (!channel.evaluatePolicy(READERS, [signed])) {
    throw new StatusError(
      Code.PERMISSION_DENIED,
      `failed evaluating policy on signed data during check policy [${READERS}]`,
    );
  }
}
