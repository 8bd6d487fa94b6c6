import type { TRANSIENT_COMMAND, TRANSIENT_QUERY } from '../wire/index.js';
import { mspId } from '../wire/primitives.js';
import { Refusal } from '../wire/refusal.js';
import type { Call } from './call.js';

/** The one public argument of a registry function. */
export function publicMessage({ stub }: Call, args: readonly string[]): string {
  const [message] = args;
  if (message === undefined || args.length !== 1 || stub.getTransient().size !== 0) {
    throw new Refusal('arguments-malformed');
  }
  return message;
}

/**
 * The custodian that a private function names, and the message that came as transient data, so that no block
 * holds it.
 */
export function privateMessage(
  { stub }: Call,
  args: readonly string[],
  field: typeof TRANSIENT_COMMAND | typeof TRANSIENT_QUERY,
): { custodian: string; message: Uint8Array } {
  const [custodian] = args;
  const transient = stub.getTransient();
  const message = transient.get(field);
  const isWellFormed = args.length === 1 && transient.size === 1 && message !== undefined;
  if (!isWellFormed || !mspId.safeParse(custodian).success || custodian === undefined) {
    throw new Refusal('arguments-malformed');
  }
  return { custodian, message };
}
