import { createPrivateKey } from 'node:crypto';
import { Client, credentials } from '@grpc/grpc-js';
import {
  connect,
  signers,
  type Gateway,
  type ProposalOptions,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { CALL_DEADLINE_MS } from './calls.js';
import type { LedgerIdentity } from './identity.js';
import { PROBE_FUNCTION, type ProbeOperation, type ProbeResult } from './probe-chaincode/operations.js';
import type { LedgerOrganisation, RunningLedger } from './target.js';

export interface ProbeOptions {
  readonly transient?: Readonly<Record<string, string>>;
  /** MSP ids: the endorsers of a transaction, the peers asked for an evaluation. */
  readonly organisations?: readonly string[];
  /** How long an endorsement may take; CALL_DEADLINE_MS unless told otherwise. */
  readonly endorseWithinMs?: number;
}

export interface Committed {
  readonly txId: string;
  /** protos.TxValidationCode */
  readonly code: number;
  readonly block: number;
  readonly results: readonly ProbeResult[];
}

/** The unmodified fabric-gateway client, speaking to the probe as one identity through one organisation's peer. */
export class ProbeClient {
  readonly #grpc: Client;
  readonly gateway: Gateway;

  constructor(
    readonly ledger: RunningLedger,
    readonly organisation: LedgerOrganisation,
    readonly identity: LedgerIdentity,
  ) {
    this.#grpc = new Client(organisation.endpoint, credentials.createSsl(organisation.tlsCa), {
      'grpc.max_receive_message_length': -1,
    });
    const deadline = (): { deadline: number } => ({ deadline: Date.now() + CALL_DEADLINE_MS });
    this.gateway = connect({
      client: this.#grpc,
      identity: { mspId: identity.mspId, credentials: Buffer.from(identity.certificate) },
      signer: signers.newPrivateKeySigner(
        createPrivateKey(identity.privateKey.export({ type: 'pkcs8', format: 'pem' })),
      ),
      evaluateOptions: deadline,
      endorseOptions: deadline,
      submitOptions: deadline,
      commitStatusOptions: deadline,
    });
  }

  async evaluate(operations: readonly ProbeOperation[], options: ProbeOptions = {}): Promise<ProbeResult[]> {
    return parse(await this.#contract().evaluate(PROBE_FUNCTION, proposalOptions(operations, options)));
  }

  /** One operation's answer. */
  async ask(operation: ProbeOperation, options: ProbeOptions = {}): Promise<ProbeResult> {
    return (await this.evaluate([operation], options))[0];
  }

  endorse(
    operations: readonly ProbeOperation[],
    options: ProbeOptions = {},
    chaincode?: string,
  ): Promise<Transaction> {
    return this.#contract(chaincode)
      .newProposal(PROBE_FUNCTION, proposalOptions(operations, options))
      .endorse({ deadline: Date.now() + (options.endorseWithinMs ?? CALL_DEADLINE_MS) });
  }

  /** Submits what was endorsed, and waits for its block. */
  async commit(transaction: Transaction): Promise<Committed> {
    const submitted = await transaction.submit();
    const { code, blockNumber } = await submitted.getStatus();
    return {
      txId: transaction.getTransactionId(),
      code,
      block: Number(blockNumber),
      results: parse(transaction.getResult()),
    };
  }

  async submit(
    operations: readonly ProbeOperation[],
    options: ProbeOptions = {},
    chaincode?: string,
  ): Promise<Committed> {
    return this.commit(await this.endorse(operations, options, chaincode));
  }

  /** As `submit`, and throws unless the transaction is valid. */
  async write(operations: readonly ProbeOperation[], options: ProbeOptions = {}): Promise<Committed> {
    const committed = await this.submit(operations, options);
    if (committed.code !== 0) {
      throw new Error(`transaction ${committed.txId} is invalid by code ${committed.code}`);
    }
    return committed;
  }

  close(): void {
    this.gateway.close();
    this.#grpc.close();
  }

  #contract(chaincode = this.ledger.chaincode): ReturnType<ReturnType<Gateway['getNetwork']>['getContract']> {
    return this.gateway.getNetwork(this.ledger.channel).getContract(chaincode);
  }
}

function proposalOptions(operations: readonly ProbeOperation[], options: ProbeOptions): ProposalOptions {
  return {
    arguments: [JSON.stringify(operations)],
    ...(options.transient === undefined ? {} : { transientData: { ...options.transient } }),
    ...(options.organisations === undefined ? {} : { endorsingOrganizations: [...options.organisations] }),
  };
}

function parse(payload: Uint8Array): ProbeResult[] {
  return payload.length === 0 ? [] : (JSON.parse(Buffer.from(payload).toString()) as ProbeResult[]);
}
