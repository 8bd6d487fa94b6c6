import { common } from '@hyperledger/fabric-protos';
import { elementsOf, type ConfigElement } from './config-elements.js';
import { proposeUpdate, type CurrentConfig } from './config-update.js';

/**
 * Whether a configuration follows from the one before it by the update that it names, signed by those who may change
 * what the update changes: what a peer checks before it takes a configuration block
 * [common/configtx/validator.go: Validate].
 * @param envelope Serialised common.ConfigEnvelope.
 */
export function isAuthorisedConfig(current: CurrentConfig, envelope: Uint8Array): boolean {
  try {
    const given = common.ConfigEnvelope.deserializeBinary(envelope);
    const update = given.getLastUpdate();
    if (update === undefined) return false;
    const proposed = proposeUpdate(current, update.serializeBinary()).getConfig();
    const config = given.getConfig();
    if (proposed?.getSequence() !== config?.getSequence()) return false;
    const [ours, theirs] = [elementsOf(proposed?.getChannelGroup()), elementsOf(config?.getChannelGroup())];
    return (
      ours.size === theirs.size && [...ours].every(([name, element]) => isSame(element, theirs.get(name)))
    );
  } catch {
    return false; // Not authorised, or not a configuration.
  }
}

/** What is in a group are elements of their own. */
function isSame({ message }: ConfigElement, other: ConfigElement | undefined): boolean {
  if (other === undefined) return false;
  if (message instanceof common.ConfigGroup) {
    return (
      message.getVersion() === other.message.getVersion() &&
      message.getModPolicy() === other.message.getModPolicy()
    );
  }
  return Buffer.from(message.serializeBinary()).equals(other.message.serializeBinary());
}
