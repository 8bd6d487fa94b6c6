import { Contract } from 'fabric-contract-api';
import type { Call, Environment } from './call.js';
import { guardTime } from './guard.js';

/**
 * One contract per audience, with two transaction functions: commands are written to the ledger, queries are
 * answered by the own peer. What is asked for lies in the message, so that nobody can tell a filing from a
 * decision by the name of a function.
 */
export abstract class AudienceContract extends Contract {
  /** Whether its commands are void once the epoch has moved that they were endorsed in: all that write private values. */
  abstract readonly restsOnEpoch: boolean;

  /** Answers with nothing: what a command does is nobody's business but its audience's. */
  abstract apply(call: Call, ...args: string[]): Promise<void>;
  abstract query(call: Call, ...args: string[]): Promise<Uint8Array>;
}

const NOTHING = new Uint8Array(0);

/** Runs a command whole: in time, in its epoch, and with all that it put sent to the peer. */
export async function runApply(
  contract: AudienceContract,
  call: Call,
  args: readonly string[],
  environment: Environment,
): Promise<Uint8Array> {
  guardTime(call.at, environment);
  if (contract.restsOnEpoch) await call.publicState.restOnEpoch();
  await contract.apply(call, ...args);
  await call.stub.finish();
  return NOTHING;
}
