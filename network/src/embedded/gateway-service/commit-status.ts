import { status as Code } from '@grpc/grpc-js';
import { encodeMessage } from '../../wire-format/index.js';
import { describeError } from '../chaincode-stream/errors.js';
import { requireReader } from './access.js';
import type { GatewayContext } from './context.js';
import { decodeCommitStatus, decodeSigned } from './requests.js';
import type { CommitStatusRequest } from './requests.js';
import { StatusError } from './status-error.js';

/** Waits until a transaction is committed, for as long as the client does [gateway/commitstatus.go]. */
export async function commitStatus(
  { ledger }: GatewayContext,
  signedRequest: Buffer,
  signal: AbortSignal,
): Promise<Buffer> {
  const { request, signature } = decodeSigned(signedRequest);
  const { channelId, txId, identity } = parse(request);
  requireReader(ledger.channel, 'gateway/CommitStatus', channelId, { data: request, identity, signature });
  try {
    const { code, blockNumber } =
      ledger.transactionStatus(txId) ?? (await ledger.waitForTransaction(txId, signal));
    return encodeMessage((writer) => {
      writer.number(1, code);
      writer.number(2, blockNumber);
    });
  } catch (error) {
    throw new StatusError(signal.aborted ? Code.CANCELLED : Code.ABORTED, describeError(error));
  }
}

function parse(request: Buffer): CommitStatusRequest {
  if (request.length === 0) {
    throw new StatusError(Code.INVALID_ARGUMENT, 'a commit status request is required');
  }
  let decoded: CommitStatusRequest;
  try {
    decoded = decodeCommitStatus(request);
  } catch (error) {
    throw new StatusError(Code.INVALID_ARGUMENT, `invalid status request: ${describeError(error)}`);
  }
  if (decoded.identity.length === 0) {
    throw new StatusError(Code.INVALID_ARGUMENT, 'no identity provided');
  }
  if (decoded.channelId === '') {
    throw new StatusError(Code.INVALID_ARGUMENT, 'no channel ID provided');
  }
  if (decoded.txId === '') {
    throw new StatusError(Code.INVALID_ARGUMENT, 'transaction ID should not be empty');
  }
  return decoded;
}
