import { peer } from '@hyperledger/fabric-protos';
import type { InstalledPackages } from '../chaincode-packages/installed-packages.js';
import type { ChaincodeDirectory } from '../chaincode-packages/chaincode-directory.js';
import { describeError } from '../chaincode-stream/errors.js';
import { NamespaceNotDefined } from '../lifecycle/functions.js';
import type { Ledger } from '../ports.js';
import type { Access } from './access.js';
import { ChannelLifecycle } from './channel-lifecycle.js';
import { failure, success, type SystemChaincode, type SystemInvocation } from './system-chaincode.js';

const { lifecycle } = peer;

export interface LifecycleParts {
  /** Of the peer. */
  readonly mspId: string;
  readonly ledger: Ledger;
  readonly access: Access;
  readonly installed: InstalledPackages;
  readonly directory: ChaincodeDirectory;
}

interface Message {
  serializeBinary(): Uint8Array;
}
type Function = (argument: Uint8Array, invocation: SystemInvocation) => Message;

/** What concerns the peer itself, or its organisation's word, is for the organisation's admins. */
const OWN_ADMINS: ReadonlySet<string> = new Set([
  'InstallChaincode',
  'QueryInstalledChaincode',
  'QueryInstalledChaincodes',
  'GetInstalledChaincodePackage',
  'ApproveChaincodeDefinitionForMyOrg',
  'QueryApprovedChaincodeDefinition',
  'QueryApprovedChaincodeDefinitions',
]);

/** `_lifecycle`: packages on the peer, approvals and definitions on the channel [core/chaincode/lifecycle/scc.go]. */
export function lifecycleChaincode(parts: LifecycleParts): SystemChaincode {
  const functions = functionsOf(parts);
  return (invocation) => {
    const { args, channelId } = invocation;
    if (args.length === 0) return failure('lifecycle scc must be invoked with arguments');
    if (args.length !== 2) {
      return failure(`lifecycle scc operations require exactly two arguments but received ${args.length}`);
    }
    const [call = Buffer.alloc(0), argument = Buffer.alloc(0)] = args;
    const name = call.toString('utf8');
    const called = functions.get(name);
    try {
      if (called === undefined) throw new Error(`Unmapped policy for _lifecycle/${name}`);
      if (OWN_ADMINS.has(name)) parts.access.requireOwn('Admins', invocation.proposal);
      else parts.access.requireOnChannel(`_lifecycle/${name}`, channelId, 'Writers', invocation.proposal);
    } catch (error) {
      return failure(`Failed to authorize invocation due to failed ACL check: ${describeError(error)}`);
    }
    try {
      return success(called(argument, invocation).serializeBinary());
    } catch (error) {
      const reason = describeError(error);
      return error instanceof NamespaceNotDefined
        ? failure(reason, 404)
        : failure(`failed to invoke backing implementation of '${name}': ${reason}`);
    }
  };
}

function functionsOf({ mspId, ledger, installed, directory }: LifecycleParts): ReadonlyMap<string, Function> {
  const onChannel =
    (use: (channel: ChannelLifecycle, argument: Uint8Array) => Message): Function =>
    (argument, { simulator, channelId }) => {
      if (simulator === undefined) throw new Error(`no application config for channel '${channelId}'`);
      return use(new ChannelLifecycle(mspId, ledger.channel, simulator), argument);
    };
  return new Map<string, Function>([
    [
      'InstallChaincode',
      (argument) => {
        const args = lifecycle.InstallChaincodeArgs.deserializeBinary(argument);
        const { label, packageId } = installed.install(args.getChaincodeInstallPackage_asU8());
        const result = new lifecycle.InstallChaincodeResult();
        result.setLabel(label);
        result.setPackageId(packageId);
        return result;
      },
    ],
    [
      'QueryInstalledChaincode',
      (argument) => {
        const packageId = lifecycle.QueryInstalledChaincodeArgs.deserializeBinary(argument).getPackageId();
        const found = installed.find(packageId);
        if (found === undefined) {
          throw new Error(`could not find chaincode with package id '${packageId}'`);
        }
        const result = new lifecycle.QueryInstalledChaincodeResult();
        result.setLabel(found.label);
        result.setPackageId(packageId);
        const { References, Chaincode } = lifecycle.QueryInstalledChaincodeResult;
        const references = new References();
        references.setChaincodesList(
          directory.usersOf(packageId).map(({ name, version }) => named(new Chaincode(), name, version)),
        );
        if (references.getChaincodesList().length > 0) {
          result.getReferencesMap().set(ledger.channel.channelId, references);
        }
        return result;
      },
    ],
    [
      'QueryInstalledChaincodes',
      () => {
        const result = new lifecycle.QueryInstalledChaincodesResult();
        const { InstalledChaincode, References, Chaincode } = lifecycle.QueryInstalledChaincodesResult;
        for (const { label, packageId } of installed.all()) {
          const entry = new InstalledChaincode();
          entry.setLabel(label);
          entry.setPackageId(packageId);
          const references = new References();
          references.setChaincodesList(
            directory.usersOf(packageId).map(({ name, version }) => named(new Chaincode(), name, version)),
          );
          if (references.getChaincodesList().length > 0) {
            entry.getReferencesMap().set(ledger.channel.channelId, references);
          }
          result.addInstalledChaincodes(entry);
        }
        return result;
      },
    ],
    [
      'GetInstalledChaincodePackage',
      (argument) => {
        const args = lifecycle.GetInstalledChaincodePackageArgs.deserializeBinary(argument);
        const result = new lifecycle.GetInstalledChaincodePackageResult();
        result.setChaincodeInstallPackage(installed.bytes(args.getPackageId()));
        return result;
      },
    ],
    ['ApproveChaincodeDefinitionForMyOrg', onChannel((channel, argument) => channel.approve(argument))],
    ['QueryApprovedChaincodeDefinition', onChannel((channel, argument) => channel.queryApproved(argument))],
    ['QueryApprovedChaincodeDefinitions', onChannel((channel) => channel.queryAllApproved())],
    ['CheckCommitReadiness', onChannel((channel, argument) => channel.checkReadiness(argument))],
    ['CommitChaincodeDefinition', onChannel((channel, argument) => channel.commit(argument))],
    ['QueryChaincodeDefinition', onChannel((channel, argument) => channel.query(argument))],
    ['QueryChaincodeDefinitions', onChannel((channel) => channel.queryAll())],
  ]);
}

function named<T extends { setName(name: string): unknown; setVersion(version: string): unknown }>(
  message: T,
  name: string,
  version: string,
): T {
  message.setName(name);
  message.setVersion(version);
  return message;
}
