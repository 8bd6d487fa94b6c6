import { status as Code } from '@grpc/grpc-js';
import type { GatewayContext } from './context.js';
import { decodeSubmit } from './requests.js';
import { StatusError } from './status-error.js';

/** common.Status */
const STATUS_NAMES: ReadonlyMap<number, string> = new Map([
  [200, 'SUCCESS'],
  [400, 'BAD_REQUEST'],
  [403, 'FORBIDDEN'],
  [404, 'NOT_FOUND'],
  [413, 'REQUEST_ENTITY_TOO_LARGE'],
  [500, 'INTERNAL_SERVER_ERROR'],
  [501, 'NOT_IMPLEMENTED'],
  [503, 'SERVICE_UNAVAILABLE'],
]);

const SUBMITTED = Buffer.alloc(0);

/** Hands a signed transaction to the orderer; success means accepted for ordering [gateway/submit.go]. */
export async function submit({ ledger }: GatewayContext, request: Buffer): Promise<Buffer> {
  const { channelId, envelope, isSigned } = decodeSubmit(request);
  if (envelope === undefined) {
    throw new StatusError(Code.INVALID_ARGUMENT, 'a prepared transaction is required');
  }
  if (!isSigned) {
    throw new StatusError(Code.INVALID_ARGUMENT, 'prepared transaction must be signed');
  }
  if (channelId !== ledger.channel.channelId) {
    throw new StatusError(Code.FAILED_PRECONDITION, `failed to get config for channel [${channelId}]`);
  }
  const { status, info } = await ledger.broadcast(envelope);
  if (status === 200) {
    return SUBMITTED;
  }
  if (status >= 400 && status < 500) {
    const name = STATUS_NAMES.get(status) ?? String(status);
    throw new StatusError(
      Code.ABORTED,
      `received unsuccessful response from orderer: status=${name}, info=${info}`,
    );
  }
  throw new StatusError(Code.UNAVAILABLE, 'no orderers could successfully process transaction');
}
