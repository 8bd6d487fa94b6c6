import type { ServiceError } from '@grpc/grpc-js';
import { gateway, google } from '@hyperledger/fabric-protos';

/** What a caller of the gateway service learns of a failure. */
export interface CallFailure {
  /** gRPC status code. */
  readonly code: number;
  readonly message: string;
  readonly details: readonly { readonly address: string; readonly mspId: string; readonly message: string }[];
}

/**
 * Waits for a call that must fail, and gives its failure; a call that succeeds is an error.
 * Understands the errors of grpc-js and of fabric-gateway alike.
 */
export async function failureOf(call: Promise<unknown>): Promise<CallFailure> {
  let result: unknown;
  try {
    result = await call;
  } catch (error) {
    return toFailure(error);
  }
  throw new Error(`a refusal was expected, but the call succeeded: ${JSON.stringify(result)}`);
}

export function toFailure(error: unknown): CallFailure {
  const serviceError = isServiceError(error) ? error : isWrapped(error) ? error.cause : undefined;
  if (serviceError === undefined) {
    throw error;
  }
  return { code: serviceError.code, message: serviceError.details, details: errorDetails(serviceError) };
}

/** All that a failure says, for a search. */
export function allText(failure: CallFailure): string {
  return [failure.message, ...failure.details.map(({ message }) => message)].join('\n');
}

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'metadata' in error && typeof (error as ServiceError).details === 'string';
}

function isWrapped(error: unknown): error is Error & { cause: ServiceError } {
  return error instanceof Error && isServiceError(error.cause);
}

function errorDetails(error: ServiceError): CallFailure['details'] {
  return error.metadata
    .get('grpc-status-details-bin')
    .flatMap((bytes) => google.rpc.Status.deserializeBinary(bytes as Buffer).getDetailsList())
    .map((any) => {
      const detail = gateway.ErrorDetail.deserializeBinary(any.getValue_asU8());
      return { address: detail.getAddress(), mspId: detail.getMspId(), message: detail.getMessage() };
    });
}
