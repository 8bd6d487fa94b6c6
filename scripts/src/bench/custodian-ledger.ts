import { createPrivateKey, randomBytes } from 'node:crypto';
import { credentials, Client } from '@grpc/grpc-js';
import { connect, hash, signers, type Contract, type Gateway } from '@hyperledger/fabric-gateway';
import {
  canonicalBytes,
  FUNCTIONS,
  TRANSIENT_COMMAND,
  TRANSIENT_QUERY,
  type CustodyCommand,
  type CustodyQuery,
} from '@consent-ledger/chaincode/wire';
import { peer } from '@hyperledger/fabric-protos';
import type { OrganisationMaterial } from '@consent-ledger/network';

type WithoutEnvelope<Command> = Command extends unknown ? Omit<Command, 'v' | 'salt'> : never;

/** A custodian's own client, as its gateway is one: proposes to both endorsers, submits, waits for the commit. */
export interface CustodianLedger {
  /** Resolves when the transaction is valid on the own peer. Throws an Error with the code otherwise. */
  apply(command: WithoutEnvelope<CustodyCommand>): Promise<void>;
  query(query: WithoutEnvelope<CustodyQuery>): Promise<Uint8Array>;
  close(): void;
}

export interface CustodianLedgerOptions {
  readonly custodian: OrganisationMaterial;
  readonly oversightMspId: string;
  /** `host:port` of the custodian's peer. */
  readonly endpoint: string;
  readonly channel: string;
  readonly chaincode: string;
}

const DEADLINE_MS = 60_000;
const MESSAGE_BYTES = 100 * 1024 * 1024;

export function custodianLedger(options: CustodianLedgerOptions): CustodianLedger {
  const { custodian } = options;
  const client = new Client(options.endpoint, credentials.createSsl(Buffer.from(custodian.tlsCaPem)), {
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
  });
  const deadline = (): { deadline: number } => ({ deadline: Date.now() + DEADLINE_MS });
  const gateway: Gateway = connect({
    client,
    hash: hash.sha256,
    identity: {
      mspId: custodian.mspId,
      credentials: Buffer.from(custodian.gatewayClient.identity.certificatePem),
    },
    signer: signers.newPrivateKeySigner(createPrivateKey(custodian.gatewayClient.identity.keyPem)),
    evaluateOptions: deadline,
    endorseOptions: deadline,
    submitOptions: deadline,
    commitStatusOptions: deadline,
  });
  const contract: Contract = gateway.getNetwork(options.channel).getContract(options.chaincode);
  return {
    apply: async (command) => {
      const complete = { ...command, v: 1, salt: randomBytes(32).toString('base64url') };
      const submitted = await contract.submitAsync(FUNCTIONS.custody.apply, {
        arguments: [custodian.mspId],
        transientData: { [TRANSIENT_COMMAND]: canonicalBytes(complete) },
        endorsingOrganizations: [custodian.mspId, options.oversightMspId],
      });
      const status = await submitted.getStatus();
      if (status.code !== peer.TxValidationCode.VALID) {
        throw new Error(`the transaction is not valid: code ${status.code}`);
      }
    },
    query: (query) =>
      contract.evaluate(FUNCTIONS.custody.query, {
        arguments: [custodian.mspId],
        transientData: { [TRANSIENT_QUERY]: canonicalBytes({ ...query, v: 1 }) },
        endorsingOrganizations: [custodian.mspId],
      }),
    close: () => {
      gateway.close();
      client.close();
    },
  };
}
