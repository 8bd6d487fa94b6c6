import type { ChaincodeDirectory } from '../chaincode-packages/chaincode-directory.js';
import type { InstalledPackages } from '../chaincode-packages/installed-packages.js';
import type { ChaincodeResponse } from '../chaincode-stream/chaincode-response.js';
import { describeError } from '../chaincode-stream/errors.js';
import type { Ledger } from '../ports.js';
import { Access } from './access.js';
import { configurationChaincode } from './configuration-chaincode.js';
import { lifecycleChaincode } from './lifecycle-chaincode.js';
import { queryChaincode } from './query-chaincode.js';
import { failure, type SystemChaincode, type SystemInvocation } from './system-chaincode.js';

/** The version that Fabric gives its own chaincodes. */
export const SYSTEM_VERSION = 'syscc';

/** These look at blocks, not at state. */
const WITHOUT_SIMULATOR: ReadonlySet<string> = new Set(['qscc', 'cscc']);

export interface SystemChaincodesParts {
  /** Of the peer. */
  readonly mspId: string;
  readonly ledger: Ledger;
  readonly installed: InstalledPackages;
  readonly directory: ChaincodeDirectory;
}

/** The chaincodes that a peer has in itself. */
export class SystemChaincodes {
  readonly access: Access;
  readonly #chaincodes: ReadonlyMap<string, SystemChaincode>;

  constructor(parts: SystemChaincodesParts) {
    const { mspId, ledger } = parts;
    const access = new Access(mspId, () => ledger.channel);
    this.access = access;
    this.#chaincodes = new Map([
      ['_lifecycle', lifecycleChaincode({ ...parts, access })],
      ['qscc', queryChaincode(ledger, access)],
      ['cscc', configurationChaincode(ledger, access)],
      ['lscc', () => failure('the legacy lifecycle (lscc) is not served here: use _lifecycle')],
    ]);
  }

  needsSimulator(name: string): boolean {
    return !WITHOUT_SIMULATOR.has(name);
  }

  invoke(name: string, invocation: SystemInvocation): ChaincodeResponse {
    const chaincode = this.#chaincodes.get(name);
    if (chaincode === undefined) return failure(`${name} is no system chaincode`);
    try {
      return chaincode(invocation);
    } catch (error) {
      return failure(describeError(error));
    }
  }
}
