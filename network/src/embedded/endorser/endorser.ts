import { encodeMessage, sha256 } from '../../wire-format/index.js';
import type { ChaincodeDirectory } from '../chaincode-packages/chaincode-directory.js';
import type { ChaincodeRuntime, ExecutionResult } from '../chaincode-stream/chaincode-runtime.js';
import { describeError } from '../chaincode-stream/errors.js';
import type { PeerConditions } from '../peers/conditions.js';
import type { Identity, Ledger, PeerSigner } from '../ports.js';
import { TxSimulator } from '../simulator/tx-simulator.js';
import type { SimulationResult } from '../simulator/tx-simulator.js';
import { SYSTEM_VERSION, type SystemChaincodes } from '../system-chaincodes/system-chaincodes.js';
import { disseminate } from './dissemination.js';
import { chaincodeInterest, isSystemChaincode } from './interest.js';
import { failed } from './outcome.js';
import type { Endorsement, EndorserOutcome, ProposalResponse } from './outcome.js';
import type { ParsedProposal } from './parsed-proposal.js';
import { passAuthFilters, preProcess, preProcessLocally, unpackProposal } from './proposal-checks.js';
import type { UnpackedProposal } from './proposal-checks.js';

const CHAINCODE_ERROR_THRESHOLD = 400;
const CHAINCODE_ERROR = 500;

export interface EndorserParts {
  readonly ledger: Ledger;
  readonly signer: PeerSigner;
  readonly runtime: ChaincodeRuntime;
  readonly directory: ChaincodeDirectory;
  readonly system: SystemChaincodes;
  /** Organisations that have a peer on the channel. */
  readonly peerMspIds: () => readonly string[];
  /** What is not at its best with a peer, this one or another. */
  readonly conditionsOf: (mspId: string) => PeerConditions;
  /** ms since the epoch */
  readonly now: () => number;
}

/** The endorser of one organisation's peer: checks a proposal, runs it, and signs what came out [endorser/endorser.go]. */
export class Endorser {
  constructor(private readonly parts: EndorserParts) {}

  get mspId(): string {
    return this.parts.signer.mspId;
  }

  hasChaincode(name: string): boolean {
    return this.parts.directory.has(name);
  }

  /** Whether it means never to answer. */
  get withholds(): boolean {
    return this.parts.conditionsOf(this.mspId).endorsements === 'withheld';
  }

  /** Does not resolve while the peer withholds its endorsements: whoever waits has a deadline. */
  async process(parsed: ParsedProposal): Promise<EndorserOutcome> {
    switch (this.parts.conditionsOf(this.mspId).endorsements) {
      case 'given':
        return this.answer(parsed);
      case 'refused':
        return UNREACHABLE;
      case 'withheld':
        return new Promise(() => undefined);
    }
  }

  private async answer(parsed: ParsedProposal): Promise<EndorserOutcome> {
    const { ledger, now } = this.parts;
    try {
      passAuthFilters(parsed, ledger.channel, now());
    } catch (error) {
      return { kind: 'error', text: describeError(error), responded: false };
    }
    let proposal: UnpackedProposal;
    let creator: Identity;
    try {
      proposal = unpackProposal(parsed);
      const { channelId } = parsed.channelHeader;
      if (channelId !== '' && channelId !== ledger.channel.channelId) {
        return failed(`channel '${channelId}' not found`);
      }
      creator =
        channelId === ''
          ? preProcessLocally(proposal, ledger.channel, this.mspId)
          : preProcess(proposal, ledger);
    } catch (error) {
      return { kind: 'error', text: describeError(error), responded: true };
    }
    try {
      return { kind: 'response', response: await this.simulateAndEndorse(proposal, creator) };
    } catch (error) {
      return failed(describeError(error));
    }
  }

  private async simulateAndEndorse(proposal: UnpackedProposal, creator: Identity): Promise<ProposalResponse> {
    const { ledger, signer, system } = this.parts;
    const { chaincode, parsed } = proposal;
    const { channelId } = parsed.channelHeader;
    if (channelId === '' && !isSystemChaincode(chaincode)) {
      throw new Error(
        `make sure the chaincode ${chaincode} has been successfully defined on channel  and try again: ` +
          "could not get channel config for channel ''",
      );
    }
    if (channelId === '' || (isSystemChaincode(chaincode) && !system.needsSimulator(chaincode))) {
      return this.respond(proposal, SYSTEM_VERSION, this.runSystem(proposal, undefined), undefined);
    }
    const simulator = new TxSimulator(signer.mspId, parsed.channelHeader.txId, ledger, ledger.openSnapshot());
    try {
      const version = this.version(simulator, chaincode);
      const execution = await this.execute(simulator, proposal, creator);
      return this.respond(proposal, version, execution, this.finish(simulator, proposal));
    } finally {
      simulator.release();
    }
  }

  private runSystem(
    { chaincode, input, parsed }: UnpackedProposal,
    simulator: TxSimulator | undefined,
  ): ExecutionResult {
    const { channelId } = parsed.channelHeader;
    const invocation = { channelId, args: input.args, proposal: parsed, simulator };
    return { response: this.parts.system.invoke(chaincode, invocation), event: undefined };
  }

  /** Refuses, before anything runs, what is not defined, approved and installed. */
  private version(simulator: TxSimulator, chaincode: string): string {
    if (isSystemChaincode(chaincode)) return SYSTEM_VERSION;
    try {
      const { version } = simulator.invokedDefinition(chaincode);
      this.parts.directory.endpoint(chaincode);
      return version;
    } catch (error) {
      const { channelId } = this.parts.ledger.channel;
      throw new Error(
        `make sure the chaincode ${chaincode} has been successfully defined on channel ${channelId} ` +
          `and try again: ${describeError(error)}`,
        { cause: error },
      );
    }
  }

  private async execute(
    simulator: TxSimulator,
    proposal: UnpackedProposal,
    creator: Identity,
  ): Promise<ExecutionResult> {
    const { chaincode, input, parsed } = proposal;
    if (isSystemChaincode(chaincode)) return this.runSystem(proposal, simulator);
    try {
      return await this.parts.runtime.execute({
        channel: this.parts.ledger.channel,
        namespace: chaincode,
        simulator,
        creator,
        txId: parsed.channelHeader.txId,
        input,
        proposal: parsed,
      });
    } catch (error) {
      throw new Error(`error in simulation: ${describeError(error)}`, { cause: error });
    }
  }

  /** Private writes go out here, whatever the chaincode answered, and for an evaluation too. */
  private finish(simulator: TxSimulator, { parsed }: UnpackedProposal): SimulationResult {
    const { ledger, peerMspIds, conditionsOf } = this.parts;
    const result = simulator.result();
    if (result.privateSets.length > 0) {
      try {
        disseminate(
          {
            ledger,
            mspId: this.mspId,
            peerMspIds: peerMspIds(),
            keeps: (mspId) => conditionsOf(mspId).privateDataDelayMs === 0,
          },
          parsed.channelHeader.txId,
          result.privateSets,
          (namespace, collection) => simulator.collectionDefinition(namespace, collection),
        );
      } catch (error) {
        throw new Error(`error in simulation: ${describeError(error)}`, { cause: error });
      }
    }
    return result;
  }

  private respond(
    proposal: UnpackedProposal,
    version: string,
    execution: ExecutionResult,
    simulation: SimulationResult | undefined,
  ): ProposalResponse {
    const { status, message, payload: result } = execution.response;
    const answer = { status, message, result };
    const isRefusal = status >= CHAINCODE_ERROR_THRESHOLD && status < CHAINCODE_ERROR;
    const isOutsideChannels = proposal.parsed.channelHeader.channelId === '';
    if (isRefusal || (isOutsideChannels && status < CHAINCODE_ERROR)) {
      return answer;
    }
    const payload = encodePayload(proposal, version, execution, simulation);
    const interest = simulation === undefined ? [] : chaincodeInterest(simulation);
    return status >= CHAINCODE_ERROR
      ? { ...answer, payload, interest }
      : { ...answer, payload, interest, endorsement: this.endorse(payload) };
  }

  private endorse(payload: Buffer): Endorsement {
    const { signer } = this.parts;
    const endorser = signer.serializedIdentity;
    return { endorser, signature: signer.sign(Buffer.concat([payload, endorser])) };
  }
}

/** How a peer answers that does not run. */
const UNREACHABLE: EndorserOutcome = {
  kind: 'error',
  text: 'connection error: desc = "transport: Error while dialing: connect: connection refused"',
  responded: false,
  status: 'Unavailable',
};

/** Serialised protos.ProposalResponsePayload. */
function encodePayload(
  { parsed, chaincode }: UnpackedProposal,
  version: string,
  { response, event }: ExecutionResult,
  simulation: SimulationResult | undefined,
): Buffer {
  const { channelHeaderBytes, signatureHeaderBytes, payloadWithoutTransient } = parsed;
  const proposalHash = sha256(channelHeaderBytes, signatureHeaderBytes, payloadWithoutTransient);
  const action = encodeMessage((writer) => {
    writer.bytes(1, simulation?.publicSet);
    // An event goes with a success only.
    if (event !== undefined && response.status < CHAINCODE_ERROR_THRESHOLD) {
      writer.bytes(
        2,
        encodeMessage((chaincodeEvent) => {
          chaincodeEvent.bytes(1, chaincode);
          chaincodeEvent.bytes(2, parsed.channelHeader.txId);
          chaincodeEvent.bytes(3, event.name);
          chaincodeEvent.bytes(4, event.payload);
        }),
      );
    }
    writer.message(3, (encoded) => {
      encoded.int32(1, response.status);
      encoded.bytes(2, response.message);
      encoded.bytes(3, response.payload);
    });
    writer.message(4, (id) => {
      id.bytes(2, chaincode);
      id.bytes(3, version);
    });
  });
  return encodeMessage((writer) => {
    writer.bytes(1, proposalHash);
    writer.bytes(2, action);
  });
}
