import {
  ConfigurationError,
  FabricHomeError,
  IdentityError,
  OperationError,
  PortPlanError,
  TopologyError,
  WaitTimeoutError,
} from '@consent-ledger/network';
import { badInput, systemCode, UserError } from '../user-error.js';

const FOR_PEOPLE = [OperationError, ConfigurationError, IdentityError, WaitTimeoutError] as const;

/** What an operation failed of, in words for the person at the keyboard; any other error comes back as it is. */
export function asOperationError(error: unknown, step?: string): unknown {
  if (error instanceof FabricHomeError || error instanceof TopologyError || error instanceof PortPlanError) {
    return badInput(error.message, { cause: error });
  }
  const isKnown = FOR_PEOPLE.some((kind) => error instanceof kind) || isUnreachable(error);
  if (!isKnown || !(error instanceof Error)) return error;
  const where = step === undefined ? '' : `It stopped at: ${step}. `;
  const goOn = error.message.includes('again') ? '' : ' The same command goes on from here.';
  return new UserError(`${where}${sentence(error.message)}${goOn}`, undefined, { cause: error });
}

/** Makes the steps of an operation; one that cannot be is the fault of what was asked for. */
export async function asking<T>(make: () => T | Promise<T>): Promise<T> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof OperationError) throw badInput(sentence(error.message), { cause: error });
    throw asOperationError(error);
  }
}

/** A peer or orderer does not answer: gRPC's UNAVAILABLE and DEADLINE_EXCEEDED, or the system's own words. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    systemCode(error) === 'ECONNREFUSED' ||
    /\b(?:UNAVAILABLE|DEADLINE_EXCEEDED|ECONNREFUSED)\b|nobody gives/.test(error.message) ||
    isUnreachable(error.cause)
  );
}

function sentence(text: string): string {
  const first = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}
