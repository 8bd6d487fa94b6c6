import { encodeMessage } from '../../wire-format/index.js';
import { describeError } from './errors.js';
import type { CallParameters } from './call.js';
import { ChaincodeConnection } from './connection.js';
import type { ChaincodeEndpoint } from './connection.js';
import {
  AnswerEncoder,
  decodeChaincodeMessage,
  encodeChaincodeMessage,
  messageTypeName,
  MessageType,
} from './message.js';
import type { ChaincodeMessage } from './message.js';
import { chaincodeName, decodeInvoke } from './requests.js';
import type { InvokeRequest } from './requests.js';
import { TransactionContext } from './transaction-context.js';

/** `dial_timeout` of connection.json, and core.yaml's chaincode.startuptimeout and executetimeout, in ms. */
export interface ChaincodeTimeouts {
  readonly dial: number;
  readonly startup: number;
  readonly execute: number;
}

export interface Execution {
  readonly call: CallParameters;
  readonly txId: string;
  readonly channelId: string;
  /** Serialised protos.ChaincodeInput. */
  readonly input: Buffer;
  /** Serialised protos.SignedProposal, as the client sent it: the shim reads creator and transient data from it. */
  readonly proposal: Buffer;
  /** Runs another chaincode in the same transaction; resolves to a serialised protos.ChaincodeMessage. */
  readonly invoke: (request: InvokeRequest) => Promise<Buffer>;
}

interface InFlight {
  readonly context: TransactionContext;
  readonly answers: AnswerEncoder;
  readonly execution: Execution;
  readonly settle: (outcome: ChaincodeMessage | Error) => void;
  /** A call of another chaincode is running; a second request is dropped, as Fabric does. */
  calling: boolean;
}

/**
 * The peer's side of one stream to a chaincode server: handshake, then any number of transactions at a time, told
 * apart by channel and transaction id [chaincode/handler.go].
 */
export class ChaincodeStream {
  private readonly connection: ChaincodeConnection;
  private readonly inFlight = new Map<string, InFlight>();
  private registered = false;
  private endReason: string | undefined;

  private constructor(
    private readonly endpoint: ChaincodeEndpoint,
    private readonly timeouts: ChaincodeTimeouts,
    private readonly onReady: () => void,
    private readonly onEnd: (reason: string) => void,
  ) {
    this.connection = new ChaincodeConnection(endpoint, timeouts.dial, {
      message: (bytes) => {
        this.receive(bytes);
      },
      ended: (reason) => {
        this.end(reason);
      },
    });
  }

  /** Connects and shakes hands. Rejects when the server cannot be reached or registers as something else. */
  static open(
    endpoint: ChaincodeEndpoint,
    timeouts: ChaincodeTimeouts,
    onEnd: (stream: ChaincodeStream) => void,
  ): Promise<ChaincodeStream> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        stream.connection.close();
      }, timeouts.startup);
      const stream: ChaincodeStream = new ChaincodeStream(
        endpoint,
        timeouts,
        () => {
          clearTimeout(timer);
          resolve(stream);
        },
        (reason) => {
          clearTimeout(timer);
          reject(new Error(`connection to ${endpoint.address} failed: ${reason}`));
          onEnd(stream);
        },
      );
    });
  }

  get alive(): boolean {
    return this.endReason === undefined;
  }

  /** Resolves to COMPLETED or ERROR; rejects on timeout, loss of the stream, or a transaction that is already running. */
  execute(type: number, execution: Execution): Promise<ChaincodeMessage> {
    const { txId, channelId, input, proposal } = execution;
    const key = channelId + txId;
    if (this.inFlight.has(key)) {
      return Promise.reject(new Error(`txid: ${txId}(${channelId}) exists`));
    }
    if (!this.alive) {
      return Promise.reject(new Error(STREAM_TERMINATED));
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        settle(new Error('timeout expired while executing transaction'));
      }, this.timeouts.execute);
      const context = new TransactionContext(execution.call);
      const settle = (outcome: ChaincodeMessage | Error): void => {
        if (this.inFlight.delete(key)) {
          clearTimeout(timer);
          context.close();
          if (outcome instanceof Error) {
            reject(outcome);
          } else {
            resolve(outcome);
          }
        }
      };
      const answers = new AnswerEncoder(channelId, txId);
      this.inFlight.set(key, { context, answers, execution, settle, calling: false });
      this.connection.send(encodeChaincodeMessage({ type, payload: input, txId, channelId, proposal }));
    });
  }

  close(): void {
    this.connection.close();
  }

  private receive(bytes: Buffer): void {
    let message: ChaincodeMessage;
    try {
      message = decodeChaincodeMessage(bytes);
    } catch (error) {
      this.connection.close();
      this.end(describeError(error));
      return;
    }
    if (message.type === MessageType.KEEPALIVE) {
      return;
    }
    if (!this.registered) {
      this.register(message);
      return;
    }
    const transaction = this.inFlight.get(message.channelId + message.txId);
    if (message.type === MessageType.COMPLETED || message.type === MessageType.ERROR) {
      // The payload is a view of a receive buffer that is larger by far; the result may live long.
      transaction?.settle(owned(message));
    } else if (transaction === undefined) {
      this.refuseUnknown(message);
    } else {
      this.answer(transaction, message);
    }
  }

  private register(message: ChaincodeMessage): void {
    const name = message.type === MessageType.REGISTER ? chaincodeName(message.payload) : undefined;
    if (name !== this.endpoint.packageId) {
      const what = name === undefined ? 'did not register' : `registered as "${name}"`;
      this.end(`the chaincode server ${what}; expected "${this.endpoint.packageId}"`);
      this.connection.close();
      return;
    }
    this.registered = true;
    this.connection.send(encodeChaincodeMessage({ type: MessageType.REGISTERED }));
    this.connection.send(encodeChaincodeMessage({ type: MessageType.READY, payload: READY_PARAMETERS }));
    this.onReady();
  }

  private answer(transaction: InFlight, message: ChaincodeMessage): void {
    const { answers, context } = transaction;
    if (transaction.calling) {
      return;
    }
    if (message.type === MessageType.INVOKE_CHAINCODE) {
      this.invoke(transaction, message);
      return;
    }
    let answer: Buffer;
    try {
      answer = answers.response(context.answer(message.type, message.payload));
    } catch (error) {
      answer = answers.error(failure(message, describeError(error)));
    }
    this.connection.send(answer);
  }

  private invoke(transaction: InFlight, message: ChaincodeMessage): void {
    const { answers, execution } = transaction;
    transaction.calling = true;
    Promise.resolve(message.payload)
      .then((payload) => execution.invoke(decodeInvoke(payload)))
      .then(
        (result) => answers.response(result),
        (error: unknown) => answers.error(failure(message, describeError(error))),
      )
      .then((answer) => {
        transaction.calling = false;
        this.connection.send(answer);
      }, this.endOnFailure);
  }

  private readonly endOnFailure = (error: unknown): void => {
    this.end(describeError(error));
    this.connection.close();
  };

  /** A transaction that timed out, or never was. */
  private refuseUnknown(message: ChaincodeMessage): void {
    const answers = new AnswerEncoder(message.channelId, message.txId);
    this.connection.send(answers.error(failure(message, 'no ledger context')));
  }

  private end(reason: string): void {
    if (this.endReason !== undefined) {
      return;
    }
    this.endReason = reason;
    this.onEnd(reason);
    for (const { settle } of [...this.inFlight.values()]) {
      settle(new Error(STREAM_TERMINATED));
    }
  }
}

/** protos.ChaincodeAdditionalParams with core.yaml's defaults: write batches and multi-key reads, 1,000 keys each. */
const READY_PARAMETERS = encodeMessage((writer) => {
  writer.bool(1, true);
  writer.number(2, 1_000);
  writer.bool(3, true);
  writer.number(4, 1_000);
});

const STREAM_TERMINATED = 'chaincode stream terminated';

function failure(message: ChaincodeMessage, cause: string): string {
  return `${messageTypeName(message.type)} failed: transaction ID: ${message.txId}: ${cause}`;
}

function owned(message: ChaincodeMessage): ChaincodeMessage {
  return {
    ...message,
    payload: Buffer.from(message.payload),
    event: message.event === undefined ? undefined : Buffer.from(message.event),
  };
}
