import { credentials, type CallOptions, type requestCallback } from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { serialize, type LedgerIdentity } from './identity.js';
import type { HandMadeProposal } from './proposal.js';
import { sign } from './signature.js';
import type { LedgerOrganisation } from './target.js';

const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
/** No call of the suite waits longer, whatever the ledger does. */
export const CALL_DEADLINE_MS = 30_000;

/** The gateway service of one organisation's peer, called without any client library. */
export class RawGateway {
  readonly client: gateway.GatewayClient;
  readonly deliver: peer.DeliverClient;

  constructor(readonly organisation: LedgerOrganisation) {
    const tls = credentials.createSsl(organisation.tlsCa);
    this.client = new gateway.GatewayClient(organisation.endpoint, tls, UNLIMITED);
    this.deliver = new peer.DeliverClient(organisation.endpoint, tls, UNLIMITED);
  }

  async evaluate(proposal: HandMadeProposal, targets: readonly string[] = []): Promise<peer.Response> {
    const request = new gateway.EvaluateRequest();
    request.setTransactionId(proposal.txId);
    request.setChannelId(proposal.channel);
    request.setProposedTransaction(proposal.signed);
    request.setTargetOrganizationsList([...targets]);
    const response = await unary<gateway.EvaluateResponse>((options, done) =>
      this.client.evaluate(request, options, done),
    );
    return response.getResult() ?? new peer.Response();
  }

  /** Gives the envelope that is still to be signed. */
  async endorse(proposal: HandMadeProposal, endorsers: readonly string[] = []): Promise<common.Envelope> {
    const request = new gateway.EndorseRequest();
    request.setTransactionId(proposal.txId);
    request.setChannelId(proposal.channel);
    request.setProposedTransaction(proposal.signed);
    request.setEndorsingOrganizationsList([...endorsers]);
    const response = await unary<gateway.EndorseResponse>((options, done) =>
      this.client.endorse(request, options, done),
    );
    return response.getPreparedTransaction() ?? new common.Envelope();
  }

  async submit(channel: string, txId: string, envelope: common.Envelope | undefined): Promise<void> {
    const request = new gateway.SubmitRequest();
    request.setTransactionId(txId);
    request.setChannelId(channel);
    request.setPreparedTransaction(envelope);
    await unary<gateway.SubmitResponse>((options, done) => this.client.submit(request, options, done));
  }

  async commitStatus(
    identity: LedgerIdentity,
    channel: string,
    txId: string,
    deadlineMs = CALL_DEADLINE_MS,
  ): Promise<{ code: number; block: number }> {
    const request = new gateway.CommitStatusRequest();
    request.setChannelId(channel);
    request.setTransactionId(txId);
    request.setIdentity(serialize(identity));
    const bytes = request.serializeBinary();
    return this.signedCommitStatus(bytes, sign(identity.privateKey, bytes), deadlineMs);
  }

  async signedCommitStatus(
    request: Uint8Array,
    signature: Uint8Array,
    deadlineMs = CALL_DEADLINE_MS,
  ): Promise<{ code: number; block: number }> {
    const signed = new gateway.SignedCommitStatusRequest();
    signed.setRequest(request);
    signed.setSignature(signature);
    const response = await unary<gateway.CommitStatusResponse>(
      (options, done) => this.client.commitStatus(signed, options, done),
      deadlineMs,
    );
    return { code: response.getResult(), block: response.getBlockNumber() };
  }

  close(): void {
    this.client.close();
    this.deliver.close();
  }
}

/** Makes one call with a deadline, as a promise. */
function unary<Response>(
  call: (options: CallOptions, callback: requestCallback<Response>) => unknown,
  deadlineMs = CALL_DEADLINE_MS,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    call({ deadline: Date.now() + deadlineMs }, (error, response) => {
      if (error !== null) reject(error);
      else if (response === undefined) reject(new Error('the call gave neither an error nor a response'));
      else resolve(response);
    });
  });
}

/** Signs an envelope's payload; the signer need not be the one that its header names. */
export function signEnvelope(
  envelope: common.Envelope,
  identity: LedgerIdentity,
  half: 'low' | 'high' = 'low',
): common.Envelope {
  const signed = new common.Envelope();
  signed.setPayload(envelope.getPayload_asU8());
  signed.setSignature(sign(identity.privateKey, envelope.getPayload_asU8(), half));
  return signed;
}

/** The envelope in what fabric-gateway calls the bytes of an endorsed transaction. */
export function preparedEnvelope(transaction: { getBytes(): Uint8Array }): common.Envelope {
  return (
    gateway.PreparedTransaction.deserializeBinary(transaction.getBytes()).getEnvelope() ??
    new common.Envelope()
  );
}
