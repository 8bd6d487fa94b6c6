import { createPrivateKey } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { credentials, Client } from '@grpc/grpc-js';
import {
  connect,
  hash,
  signers,
  GatewayError,
  type Commit,
  type Contract,
  type Gateway,
  type ProposalOptions,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { gateway as protos, msp, peer } from '@hyperledger/fabric-protos';
import type { OrganisationMaterial } from '@consent-ledger/network';

/** An organisation's client of one chaincode, at its own peer. */
export interface LedgerClient {
  /** Resolves when the transaction is valid on the own peer. Throws an Error with the code otherwise. */
  submit(name: string, proposal: ProposalOptions): Promise<void>;
  evaluate(name: string, proposal: ProposalOptions): Promise<Uint8Array>;
  close(): void;
}

export interface LedgerClientOptions {
  readonly organisation: OrganisationMaterial;
  /** `host:port` of the organisation's peer. */
  readonly endpoint: string;
  readonly channel: string;
  readonly chaincode: string;
}

const DEADLINE_MS = 60_000;
/** What was read was written meanwhile, such as the epoch, which moves every few minutes: proposed afresh. */
const ATTEMPTS = 5;
const ENDORSE_AGAIN_MS = 200;
const MESSAGE_BYTES = 100 * 1024 * 1024;

export function ledgerClient({
  organisation,
  endpoint,
  channel,
  chaincode,
}: LedgerClientOptions): LedgerClient {
  const client = new Client(endpoint, credentials.createSsl(Buffer.from(organisation.tlsCaPem)), {
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
  });
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + DEADLINE_MS });
  const { identity } = organisation.gatewayClient;
  const gateway = connect({
    client,
    hash: hash.sha256,
    identity: { mspId: organisation.mspId, credentials: Buffer.from(identity.certificatePem) },
    signer: signers.newPrivateKeySigner(createPrivateKey(identity.keyPem)),
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
  const contract: Contract = gateway.getNetwork(channel).getContract(chaincode);
  return {
    submit: async (name, proposal) => {
      for (let attempt = 1; ; attempt += 1) {
        const transaction = await endorsed(contract, name, proposal);
        const commit = await transaction.submit().catch((error: unknown) => {
          // Says nothing: a BFT orderer that had it from another refuses it as processed already.
          if (error instanceof GatewayError)
            return commitOf(gateway, channel, transaction.getTransactionId());
          throw error;
        });
        const { code } = await commit.getStatus();
        if (code === peer.TxValidationCode.VALID) return;
        if (code !== peer.TxValidationCode.MVCC_READ_CONFLICT || attempt === ATTEMPTS) {
          throw new Error(`the transaction is not valid: code ${code}`);
        }
      }
    },
    evaluate: (name, proposal) => contract.evaluate(name, proposal),
    close: () => {
      gateway.close();
      client.close();
    },
  };
}

/** Peers under load lose sight of each other for a moment, and then endorse nothing private. */
async function endorsed(contract: Contract, name: string, proposal: ProposalOptions): Promise<Transaction> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await contract.newProposal(name, proposal).endorse();
    } catch (error) {
      if (!(error instanceof GatewayError) || attempt === ATTEMPTS) throw error;
      await sleep(attempt * ENDORSE_AGAIN_MS);
    }
  }
}

function commitOf(gateway: Gateway, channel: string, transaction: string): Commit {
  const { mspId, credentials: certificate } = gateway.getIdentity();
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(certificate);
  const request = new protos.CommitStatusRequest();
  request.setChannelId(channel);
  request.setTransactionId(transaction);
  request.setIdentity(identity.serializeBinary());
  const signed = new protos.SignedCommitStatusRequest();
  signed.setRequest(request.serializeBinary());
  return gateway.newCommit(signed.serializeBinary());
}
