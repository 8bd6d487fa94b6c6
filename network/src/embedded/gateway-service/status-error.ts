import { Metadata } from '@grpc/grpc-js';
import type { ServiceError, status } from '@grpc/grpc-js';
import { encodeMessage } from '../../wire-format/index.js';

const ERROR_DETAIL_TYPE = 'type.googleapis.com/gateway.ErrorDetail';
const DETAILS_KEY = 'grpc-status-details-bin';

/** gateway.ErrorDetail: one failed attempt at one peer. */
export interface ErrorDetail {
  /** The peer's external endpoint. */
  readonly address: string;
  readonly mspId: string;
  readonly message: string;
}

/** What a gateway call ends with when it fails. */
export class StatusError extends Error {
  override readonly name = 'StatusError';

  constructor(
    readonly code: status,
    message: string,
    readonly details: readonly ErrorDetail[] = [],
  ) {
    super(message);
  }

  toServiceError(): ServiceError {
    const metadata = new Metadata();
    if (this.details.length > 0) {
      metadata.set(DETAILS_KEY, this.encodeStatus());
    }
    return Object.assign(new Error(this.message), { code: this.code, details: this.message, metadata });
  }

  /** Serialised google.rpc.Status. */
  private encodeStatus(): Buffer {
    return encodeMessage((status) => {
      status.number(1, this.code);
      status.bytes(2, this.message);
      for (const detail of this.details) {
        status.message(3, (any) => {
          any.bytes(1, ERROR_DETAIL_TYPE);
          any.bytes(2, encodeErrorDetail(detail));
        });
      }
    });
  }
}

function encodeErrorDetail({ address, mspId, message }: ErrorDetail): Buffer {
  return encodeMessage((writer) => {
    writer.bytes(1, address);
    writer.bytes(2, mspId);
    writer.bytes(3, message);
  });
}
