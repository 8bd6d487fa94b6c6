import { common } from '@hyperledger/fabric-protos';
import { HeaderType, readChannelHeader, readEnvelope, readPayload } from '../../wire-format/index.js';
import type { SignedData } from '../ports.js';
import {
  checkConfigId,
  elementsOf,
  groupOf,
  type ConfigElement,
  type ConfigElements,
} from './config-elements.js';

/** A configuration with those who judge what may be changed in it. */
export interface CurrentConfig {
  readonly channelId: string;
  readonly config: common.Config;
  /** Why a policy is not satisfied; `undefined` when it is, 'missing' when there is none at that path. */
  judge(
    policyPath: string,
    signed: readonly SignedData[],
  ): { readonly refusal: string } | 'missing' | undefined;
}

/**
 * What an update makes of a configuration: the next one, with the update as its reason
 * [common/configtx/validator.go: ProposeConfigUpdate, update.go].
 * @param envelope Serialised common.Envelope of type CONFIG_UPDATE.
 * @throws Error in Fabric's words when the update is not authorised, or would have no effect.
 */
export function proposeUpdate(current: CurrentConfig, envelope: Uint8Array): common.ConfigEnvelope {
  const update = explained('error converting envelope to config update', () => readUpdate(envelope));
  const elements = explained('error authorizing update', () => authorise(current, update));
  const group = explained('could not turn configMap back to channelGroup', () => groupOf(elements));
  const config = new common.Config();
  config.setSequence(current.config.getSequence() + 1);
  config.setChannelGroup(group);
  const result = new common.ConfigEnvelope();
  result.setConfig(config);
  result.setLastUpdate(common.Envelope.deserializeBinary(envelope));
  return result;
}

function readUpdate(envelope: Uint8Array): common.ConfigUpdateEnvelope {
  const { header, data } = readPayload(readEnvelope(envelope).payload);
  if (header === undefined) throw new Error('envelope must have a Header');
  const { type } = readChannelHeader(header.channelHeader);
  if (type !== HeaderType.CONFIG_UPDATE) throw new Error(`invalid type ${type}, expected CONFIG_UPDATE`);
  return common.ConfigUpdateEnvelope.deserializeBinary(data);
}

function authorise(current: CurrentConfig, envelope: common.ConfigUpdateEnvelope): ConfigElements {
  const update = common.ConfigUpdate.deserializeBinary(envelope.getConfigUpdate_asU8());
  if (update.getChannelId() !== current.channelId) {
    throw new Error(
      `ConfigUpdate for channel '${update.getChannelId()}' but envelope for channel '${current.channelId}'`,
    );
  }
  const existing = elementsOf(current.config.getChannelGroup());
  const read = explained('error mapping ReadSet', () => elementsOf(update.getReadSet()));
  explained('error validating ReadSet', () => {
    for (const [name, { message }] of read) requireVersion(existing, name, message.getVersion());
  });
  const written = explained('error mapping WriteSet', () => elementsOf(update.getWriteSet()));
  const changed = [...written].filter(
    ([name, { message }]) => read.get(name)?.message.getVersion() !== message.getVersion(),
  );
  explained('error validating DeltaSet', () => {
    if (changed.length === 0) throw new Error('delta set was empty -- update would have no effect');
    const signed = signedData(envelope);
    for (const [, element] of changed) requirePermission(current, existing, element, signed);
  });
  const result = new Map([...existing, ...changed]);
  for (const name of written.keys()) {
    if (result.has(name)) continue;
    throw new Error(
      `full config did not verify: writeset contained key ${name} which did not appear in proposed config`,
    );
  }
  return result;
}

function requireVersion(existing: ConfigElements, name: string, version: number): void {
  const found = existing.get(name)?.message.getVersion();
  if (found === undefined) {
    throw new Error(`existing config does not contain element for ${name} but was in the read set`);
  }
  if (found !== version) {
    throw new Error(
      `proposed update requires that key ${name} be at version ${version}, but it is currently at version ${found}`,
    );
  }
}

/** What is new is in a group whose change needs permission; what is there needs the permission that it names. */
function requirePermission(
  current: CurrentConfig,
  existing: ConfigElements,
  { name, message }: ConfigElement,
  signed: readonly SignedData[],
): void {
  explained(`invalid mod_policy for element ${name}`, () => {
    checkModPolicy(message.getModPolicy());
  });
  const now = existing.get(name);
  const version = message.getVersion();
  if (now === undefined) {
    if (version === 0) return;
    throw new Error(`attempted to set key ${name} to version ${version}, but key does not exist`);
  }
  if (version !== now.message.getVersion() + 1) {
    throw new Error(
      `attempt to set key ${name} to version ${version}, but key is at version ${now.message.getVersion()}`,
    );
  }
  const modPolicy = now.message.getModPolicy();
  const path = modPolicy.startsWith('/') ? modPolicy : `${now.group}/${modPolicy}`;
  const verdict = current.judge(path, signed);
  if (verdict === 'missing') throw new Error(`unexpected missing policy ${modPolicy} for item ${name}`);
  if (verdict !== undefined) throw new Error(`policy for ${name} not satisfied: ${verdict.refusal}`);
}

function checkModPolicy(modPolicy: string): void {
  if (modPolicy === '') throw new Error('mod_policy not set');
  const path = modPolicy.startsWith('/') ? modPolicy.slice(1) : modPolicy;
  for (const [index, step] of path.split('/').entries()) {
    explained(`path element at ${index} is invalid`, () => {
      checkConfigId(step);
    });
  }
}

/** A signature is over its own header and the update. */
function signedData(envelope: common.ConfigUpdateEnvelope): SignedData[] {
  const update = envelope.getConfigUpdate_asU8();
  return envelope.getSignaturesList().map((signature) => {
    const header = signature.getSignatureHeader_asU8();
    return {
      data: Buffer.concat([header, update]),
      identity: common.SignatureHeader.deserializeBinary(header).getCreator_asU8(),
      signature: signature.getSignature_asU8(),
    };
  });
}

function explained<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
