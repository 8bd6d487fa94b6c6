import { Client, credentials } from '@grpc/grpc-js';
import { connect, signers, type Contract } from '@hyperledger/fabric-gateway';
import { createPrivateKey } from 'node:crypto';
import type { AdminOfNode } from './fabric-node.js';

/** Endorsing may have to wait for a chaincode server that starts; committing for a leader to be elected. */
const ENDORSE_MS = 15_000;
const COMMIT_MS = 30_000;

/** An organisation's admin as a client of its own peer's gateway. */
export interface ChannelClient {
  contract(chaincode: string): Contract;
  close(): void;
}

export function channelClient(
  { organisation, ports, material }: AdminOfNode,
  channel: string,
): ChannelClient {
  const client = new Client(
    `${organisation.host}:${ports.peer}`,
    credentials.createSsl(Buffer.from(material.tlsCaPem)),
    { 'grpc.max_receive_message_length': -1 },
  );
  const within = (ms: number) => (): { deadline: number } => ({ deadline: Date.now() + ms });
  const gateway = connect({
    client,
    identity: { mspId: material.mspId, credentials: Buffer.from(material.admin.identity.certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(material.admin.identity.keyPem)),
    evaluateOptions: within(ENDORSE_MS),
    endorseOptions: within(ENDORSE_MS),
    submitOptions: within(ENDORSE_MS),
    commitStatusOptions: within(COMMIT_MS),
  });
  return {
    contract: (chaincode) => gateway.getNetwork(channel).getContract(chaincode),
    close: () => {
      gateway.close();
      client.close();
    },
  };
}

/** All that a failed call says, with what each peer said of it. */
export function describeFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const details = 'details' in error && Array.isArray(error.details) ? (error.details as unknown[]) : [];
  const messages = details.flatMap((detail) =>
    typeof detail === 'object' && detail !== null && 'message' in detail ? [String(detail.message)] : [],
  );
  return [error.message, ...messages].join('; ');
}
