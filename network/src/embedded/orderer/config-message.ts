import { randomBytes } from 'node:crypto';
import { channelConfigOf, type ChannelConfig } from '../config/channel-config.js';
import { checkSuccessor } from '../config/config-rules.js';
import { proposeUpdate } from '../config/config-update.js';
import type { LiveChannel } from '../config/live-channel.js';
import { HeaderType, ProtoWriter } from '../../wire-format/index.js';
import type { PeerSigner } from '../ports.js';
import { validIdentities } from '../policy/valid-identities.js';

const NONCE_BYTES = 24;
/** Who has to sign blocks, and who may send to the orderer: itself among them. */
const OWN_POLICIES = ['/Channel/Orderer/BlockValidation', '/Channel/Writers'];

/**
 * Makes the configuration that an update asks for, signed by the orderer
 * [orderer/common/msgprocessor/standardchannel.go: ProcessConfigUpdateMsg].
 * @param update Serialised common.Envelope that was admitted.
 * @param now Milliseconds since the epoch.
 * @returns Serialised common.Envelope of type CONFIG.
 * @throws Error in Fabric's words when the update is not authorised, or the configuration could not be used.
 */
export function configMessage(
  channel: LiveChannel,
  update: Uint8Array,
  orderer: PeerSigner,
  now: number,
): Buffer {
  const { channelId, config } = channel;
  const proposed = proposeUpdate(
    { channelId, config: config.config, judge: (path, signed) => channel.judge(path, signed) },
    update,
  );
  const next = proposed.getConfig();
  if (next === undefined) throw new Error('config envelope has nil config');
  const successor = channelConfigOf(channelId, next);
  checkSuccessor(config.config, next);
  requireOwnPlace(successor, orderer);
  const channelHeader = new ProtoWriter()
    .number(1, HeaderType.CONFIG)
    .present(3, new ProtoWriter().number(1, Math.floor(now / 1000)).finish())
    .bytes(4, channelId)
    .finish();
  const signatureHeader = new ProtoWriter()
    .bytes(1, orderer.serializedIdentity)
    .bytes(2, randomBytes(NONCE_BYTES))
    .finish();
  const payload = new ProtoWriter()
    .present(1, new ProtoWriter().bytes(1, channelHeader).bytes(2, signatureHeader).finish())
    .bytes(2, proposed.serializeBinary())
    .finish();
  return new ProtoWriter().bytes(1, payload).bytes(2, orderer.sign(payload)).finish();
}

/** A configuration under which the one orderer could not sign is the end of the ledger. */
function requireOwnPlace(next: ChannelConfig, orderer: PeerSigner): void {
  const data = Buffer.from('probe');
  const signed = { data, identity: orderer.serializedIdentity, signature: orderer.sign(data) };
  const identities = validIdentities(next.msps, [signed]);
  for (const path of OWN_POLICIES) {
    const policy = next.policies.get(path);
    if (policy === undefined || policy.refusal(identities) !== undefined) {
      throw new Error(
        `the orderer of ${orderer.mspId} would no longer satisfy ${path}, and there is no other`,
      );
    }
  }
}
