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
  call: Call,
  args: readonly string[],
  field: typeof TRANSIENT_COMMAND | typeof TRANSIENT_QUERY,
): { custodian: string; message: Uint8Array } {
  const { names, message } = privateArguments(call, args, field, 1);
  return { custodian: names[0] ?? '', message };
}

/** The site and the sponsor that a study function names, and the message. */
export function privateStudyMessage(
  call: Call,
  args: readonly string[],
  field: typeof TRANSIENT_COMMAND | typeof TRANSIENT_QUERY,
): { site: string; sponsor: string; message: Uint8Array } {
  const { names, message } = privateArguments(call, args, field, 2);
  return { site: names[0] ?? '', sponsor: names[1] ?? '', message };
}

function privateArguments(
  { stub }: Call,
  names: readonly string[],
  field: string,
  count: number,
): { names: readonly string[]; message: Uint8Array } {
  const transient = stub.getTransient();
  const message = transient.get(field);
  const isNamed = names.length === count && names.every((name) => mspId.safeParse(name).success);
  if (!isNamed || transient.size !== 1 || message === undefined) throw new Refusal('arguments-malformed');
  return { names, message };
}
