import type { Stub } from '../state/index.js';
import type { ErrorCode } from '../wire/index.js';
import { Refusal } from '../wire/refusal.js';
import { runApply, type AudienceContract } from './audience-contract.js';
import { Call, type Environment } from './call.js';
import { callerOf } from './caller.js';
import { CustodyContract } from './custody/contract.js';
import { RegistryContract } from './registry/contract.js';
import { StudyContract } from './study/contract.js';
import { WithdrawalContract } from './withdrawal/contract.js';

/** Answer to the peer: below 400 is endorsed, anything else is not. */
export interface Answer {
  readonly status: number;
  readonly message: string;
  readonly payload: Uint8Array;
}

const OK = 200;
const FAILED = 500;
const NOTHING = new Uint8Array(0);

type Run = (call: Call, args: readonly string[], environment: Environment) => Promise<Uint8Array>;

/** Every function that can be called, and no other: there is no default contract and no metadata function. */
const functions: ReadonlyMap<string, Run> = new Map(
  [new RegistryContract(), new CustodyContract(), new WithdrawalContract(), new StudyContract()].flatMap(
    functionsOf,
  ),
);

function functionsOf(contract: AudienceContract): [string, Run][] {
  const name = contract.getName();
  return [
    [`${name}:apply`, (call, args, environment) => runApply(contract, call, args, environment)],
    [`${name}:query`, (call, args) => contract.query(call, ...args)],
  ];
}

/**
 * The chaincode as the shim calls it. A refusal is answered with its code and paths, any other failure with a
 * code that tells nothing; never with words of the input or of a stored value.
 */
export class ConsentChaincode {
  constructor(private readonly environment: Environment) {}

  Init(): Promise<Answer> {
    return Promise.resolve({ status: OK, message: '', payload: NOTHING });
  }

  async Invoke(stub: Stub): Promise<Answer> {
    try {
      const [name = '', ...args] = stub.getArgs();
      const run = functions.get(name);
      if (run === undefined) throw new Refusal('function-unknown');
      const payload = await run(
        new Call(stub, callerOf(stub), this.environment.minEpoch),
        args,
        this.environment,
      );
      return { status: OK, message: '', payload };
    } catch (error) {
      return { status: FAILED, message: this.#refusalOf(stub, error), payload: NOTHING };
    }
  }

  #refusalOf(stub: Stub, error: unknown): string {
    if (error instanceof Refusal) return error.message;
    const peerRefusal = peerRefusalOf(error);
    if (peerRefusal !== undefined) return peerRefusal;
    this.environment.reportFailure({ transaction: stub.getTxID(), error });
    return 'chaincode-failed' satisfies ErrorCode;
  }
}

/**
 * What the peer itself says of private data (core/chaincode/handler.go and txmgr/query_executor.go of
 * Fabric).
 */
const PEER_REFUSALS: readonly (readonly [fragment: string, code: ErrorCode])[] = [
  ['private data matching public hash version is not available', 'private-data-pending'],
  ['access permission on privatedata', 'caller-not-allowed'],
];

function peerRefusalOf(error: unknown): ErrorCode | undefined {
  if (!(error instanceof Error)) return undefined;
  return PEER_REFUSALS.find(([fragment]) => error.message.includes(fragment))?.[1];
}
