import { encodeMessage } from '../../wire-format/index.js';
import { describeError } from './errors.js';
import { parseSignatureHeader, type ParsedProposal } from '../endorser/parsed-proposal.js';
import type { CallParameters } from './call.js';
import { decodeInput, encodeInput, type ChaincodeInput } from './chaincode-input.js';
import {
  decodeEvent,
  decodeResponse,
  encodeResponse,
  type ChaincodeEvent,
  type ChaincodeResponse,
} from './chaincode-response.js';
import { ChaincodeStream } from './chaincode-stream.js';
import type { ChaincodeTimeouts, Execution } from './chaincode-stream.js';
import type { ChaincodeEndpoint } from './connection.js';
import { MessageType } from './message.js';
import type { ChaincodeMessage } from './message.js';
import type { InvokeRequest } from './requests.js';

const WRITERS = '/Channel/Application/Writers';

/** Records which version of a chaincode has been initialised, in the chaincode's own namespace. */
const INITIALIZED_KEY = '\u0000\u{10ffff}initialized';

/**
 * core.yaml's defaults, in ms; but a server that runs already registers at once, so that nobody has to wait the five
 * minutes in which a peer may build and start one.
 */
export const DEFAULT_TIMEOUTS: ChaincodeTimeouts = { dial: 3_000, startup: 30_000, execute: 30_000 };

export interface Invocation extends Omit<CallParameters, 'isInit'> {
  readonly txId: string;
  readonly input: ChaincodeInput;
  /** As the client sent it. */
  readonly proposal: ParsedProposal;
}

export interface ExecutionResult {
  readonly response: ChaincodeResponse;
  readonly event: ChaincodeEvent | undefined;
}

/** Where a peer's chaincode is: what it may run is the lifecycle's to say. */
export interface ChaincodeSource {
  /** Throws Fabric's text when the peer cannot run the chaincode. */
  endpoint(chaincode: string): ChaincodeEndpoint;
}

/** Runs a chaincode that the peer has in itself; undefined for any other. */
export type InvokeSystem = (invocation: Invocation) => ChaincodeResponse | undefined;

/**
 * Runs chaincode for the peer of one organisation: one stream per package id, opened on first use and again after it
 * was lost [chaincode/chaincode_support.go, handler_registry.go].
 */
export class ChaincodeRuntime {
  private readonly streams = new Map<string, Promise<ChaincodeStream>>();
  private closed = false;

  constructor(
    private readonly source: ChaincodeSource,
    private readonly timeouts: ChaincodeTimeouts,
    private readonly invokeSystem: InvokeSystem,
  ) {}

  /** Rejects, with Fabric's text, on what the peer itself fails at; whatever the chaincode says is a response. */
  async execute(invocation: Invocation): Promise<ExecutionResult> {
    const { txId } = invocation;
    let message: ChaincodeMessage;
    try {
      message = await this.invoke(invocation);
    } catch (error) {
      throw new Error(`failed to execute transaction ${txId}: ${describeError(error)}`, { cause: error });
    }
    if (message.type === MessageType.ERROR) {
      throw new Error(`transaction returned with failure: ${message.payload.toString()}`);
    }
    const response = decodeResponse(message.payload);
    return { response, event: message.event === undefined ? undefined : decodeEvent(message.event) };
  }

  close(): void {
    this.closed = true;
    for (const stream of this.streams.values()) {
      void stream.then(
        (open) => {
          open.close();
        },
        () => undefined,
      );
    }
  }

  private async invoke(invocation: Invocation): Promise<ChaincodeMessage> {
    const { namespace, channel, txId, proposal, input } = invocation;
    const isInit = this.checkInitialisation(invocation);
    const stream = await this.stream(namespace);
    const execution: Execution = {
      call: { ...invocation, isInit },
      txId,
      channelId: channel.channelId,
      input: encodeInput(input),
      proposal: proposal.signedProposal,
      invoke: (request) => this.invokeFromChaincode(invocation, request),
    };
    try {
      return await stream.execute(isInit ? MessageType.INIT : MessageType.TRANSACTION, execution);
    } catch (error) {
      throw new Error(`error sending: ${describeError(error)}`, { cause: error });
    }
  }

  /** Whether the call initialises the chaincode. Throws when it must come first, or comes too late. */
  private checkInitialisation({ simulator, namespace, input }: Invocation): boolean {
    const { initRequired, version } = simulator.invokedDefinition(namespace);
    const refuse = (reason: string): never => {
      throw new Error(`invalid invocation: chaincode '${namespace}' ${reason}`);
    };
    if (!initRequired) {
      return input.isInit ? refuse('does not require initialization but called as init') : false;
    }
    const initialised = simulator.getState(namespace, INITIALIZED_KEY)?.toString() === version;
    if (!input.isInit) {
      return initialised
        ? false
        : refuse('has not been initialized for this version, must call as init first');
    }
    if (initialised) {
      return refuse('is already initialized but called as init');
    }
    simulator.setState(namespace, INITIALIZED_KEY, Buffer.from(version));
    return true;
  }

  /**
   * Chaincode to chaincode: the same simulator, the callee's own namespace and client. The default ACL (Writers, on
   * the same signed proposal) was passed by the caller already.
   */
  private async invokeFromChaincode(caller: Invocation, request: InvokeRequest): Promise<Buffer> {
    const [qualified = '', channelId = caller.channel.channelId] = request.target.split('/', 2);
    const [namespace = ''] = qualified.split(':', 1);
    if (channelId !== caller.channel.channelId) {
      throw new Error(`failed to find ledger for channel: ${channelId}`);
    }
    const invocation = { ...caller, namespace, input: decodeInput(request.input) };
    const answer = this.invokeSystem(invocation);
    if (answer !== undefined) return encodeCompleted(encodeResponse(answer), caller);
    requireCaller(caller);
    try {
      const message = await this.invoke(invocation);
      return encodeCompleted(message.payload, caller, message);
    } catch (error) {
      throw new Error(`execute failed: ${describeError(error)}`, { cause: error });
    }
  }

  private async stream(chaincode: string): Promise<ChaincodeStream> {
    const endpoint = this.source.endpoint(chaincode);
    const { packageId } = endpoint;
    try {
      if (this.closed) {
        throw new Error('the peer is stopping');
      }
      return await this.open(endpoint);
    } catch (error) {
      throw new Error(`could not launch chaincode ${packageId}: ${describeError(error)}`, { cause: error });
    }
  }

  private open(endpoint: ChaincodeEndpoint): Promise<ChaincodeStream> {
    const { packageId } = endpoint;
    let opening = this.streams.get(packageId);
    if (opening === undefined) {
      opening = ChaincodeStream.open(endpoint, this.timeouts, () => {
        this.streams.delete(packageId);
      });
      this.streams.set(packageId, opening);
    }
    return opening;
  }
}

/** The channel may let fewer call from chaincode to chaincode than may propose. */
function requireCaller({ channel, proposal }: Invocation): void {
  const policy = channel.policyFor('peer/ChaincodeToChaincode', WRITERS);
  if (policy === channel.policyFor('peer/Propose', WRITERS)) return;
  const { creator } = parseSignatureHeader(proposal.signatureHeaderBytes);
  const signed = { data: proposal.proposalBytes, identity: creator, signature: proposal.signature };
  const refusal = channel.policyRefusal(policy, [signed]);
  if (refusal !== undefined) {
    throw new Error(`failed evaluating policy on signed data during check policy [${policy}]: [${refusal}]`);
  }
}

/** The serialised protos.ChaincodeMessage with which a called chaincode answers its caller. */
function encodeCompleted(
  payload: Buffer,
  { txId, channel }: Invocation,
  message?: Pick<ChaincodeMessage, 'type' | 'event'>,
): Buffer {
  return encodeMessage((writer) => {
    writer.number(1, message?.type ?? MessageType.COMPLETED);
    writer.bytes(3, payload);
    writer.bytes(4, txId);
    writer.bytes(6, message?.event);
    writer.bytes(7, channel.channelId);
  });
}
