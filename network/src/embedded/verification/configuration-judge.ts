import { dataHash, readEnvelope, readPayload, type Block } from '../../wire-format/index.js';
import { isAuthorisedConfig } from '../config/authorised-config.js';
import { readChannelConfig } from '../config/channel-config.js';
import { LiveChannel } from '../config/live-channel.js';
import { encodeSerializedIdentity } from '../msp/serialized-identity.js';

/** What a member signed, and with which certificate. */
export interface MemberSignature {
  readonly mspId: string;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly signed: Uint8Array;
  /** DER. */
  readonly signature: Uint8Array;
  /** Epoch milliseconds at which the certificate must not have expired. */
  readonly at: number;
}

export interface ConfigurationJudge {
  /**
   * Takes the configuration that comes next, if it follows from the present one by an update that those signed who may make it.
   * @param envelope common.Envelope of a configuration transaction
   */
  next(envelope: Uint8Array): boolean;
  /** Of the present configuration. */
  readonly sequence: number;
  /** MSP ids of the channel's organisations. */
  readonly members: readonly string[];
  /** Whether a client of that organisation signed, by the present configuration. */
  isSigned(signature: MemberSignature): boolean;
}

/**
 * The channel's configurations one after the other, without its blocks: who its organisations are, and whose certificates are theirs.
 *
 * @param genesis common.Envelope of the genesis block's configuration
 * @throws Error where it is none
 */
export function judgeConfigurations(genesis: Uint8Array): ConfigurationJudge {
  const channel = new LiveChannel(readChannelConfig(blockOf(genesis)), []);
  const judge: LiveChannel['judge'] = (path, signed) => channel.judge(path, signed);
  return {
    next: (envelope) => {
      const { channelId, config } = channel;
      try {
        const given = readPayload(readEnvelope(Buffer.from(envelope)).payload).data;
        if (!isAuthorisedConfig({ channelId, config: config.config, judge }, given)) return false;
        channel.update(readChannelConfig(blockOf(envelope)));
        return true;
      } catch {
        return false; // No configuration.
      }
    },
    get sequence() {
      return channel.config.sequence;
    },
    get members() {
      return channel.applicationMspIds;
    },
    isSigned: (given) => isSigned(channel, given),
  };
}

function isSigned(
  channel: LiveChannel,
  { mspId, certificate, signed, signature, at }: MemberSignature,
): boolean {
  if (!channel.applicationMspIds.includes(mspId)) return false;
  try {
    const identity = channel.deserializeIdentity(encodeSerializedIdentity(mspId, pemOf(certificate)));
    return (
      identity.isValid &&
      identity.hasRole('client') &&
      identity.notAfter >= at &&
      identity.verify(signed, signature)
    );
  } catch {
    return false; // No certificate of that organisation.
  }
}

function pemOf(der: Uint8Array): Buffer {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return Buffer.from(['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n'));
}

/** As much of a block as the rules look at. */
function blockOf(envelope: Uint8Array): Block {
  const transactions = [Buffer.from(envelope)];
  return {
    header: { number: 0, previousHash: Buffer.alloc(0), dataHash: dataHash(transactions) },
    transactions,
    metadata: [],
  };
}
