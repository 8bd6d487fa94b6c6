import { X509Certificate } from 'node:crypto';
import { transactionId } from '../../wire-format/index.js';
import type { Channel, Identity, Ledger } from '../ports.js';
import type { ChaincodeInput } from '../chaincode-stream/chaincode-input.js';
import { isSystemChaincode } from './interest.js';
import { lengthDelimited, parseHeaderExtension, parseSignatureHeader } from './parsed-proposal.js';
import type { ParsedProposal, SignatureHeader } from './parsed-proposal.js';

/** peer.authentication.timewindow of core.yaml. */
export const TIME_WINDOW_MS = 15 * 60_000;

/** common.HeaderType */
const CONFIG = 1;
const ENDORSER_TRANSACTION = 3;

/** A proposal as the endorser runs it: by the chaincode that the *header* names. */
export interface UnpackedProposal {
  readonly parsed: ParsedProposal;
  readonly signatureHeader: SignatureHeader;
  readonly chaincode: string;
  readonly input: ChaincodeInput;
}

/** The filters in front of the endorser [handlers/auth/filter]. Throws Fabric's texts. */
export function passAuthFilters(parsed: ParsedProposal, channel: Channel, now: number): void {
  const { creator } = parseSignatureHeader(parsed.signatureHeaderBytes);
  const notAfter = endOfValidity(channel, creator);
  if (notAfter !== undefined && now > notAfter) {
    throw new Error('proposal client identity expired');
  }
  const { timestampMs } = parsed.channelHeader;
  if (Math.abs(now - timestampMs) > TIME_WINDOW_MS) {
    throw new Error(
      `request unauthorized due to incorrect timestamp ${rfc3339(timestampMs)}, ` +
        `peer time ${rfc3339(now)}, peer.authentication.timewindow 15m0s`,
    );
  }
}

/** Throws when the proposal lacks a part that running it needs [endorser/msgvalidation.go UnpackProposal]. */
export function unpackProposal(parsed: ParsedProposal): UnpackedProposal {
  const signatureHeader = parseSignatureHeader(parsed.signatureHeaderBytes);
  const chaincode = parseHeaderExtension(parsed.channelHeader.extension);
  if (chaincode === undefined) {
    throw new Error('ChaincodeHeaderExtension.ChaincodeId is nil');
  }
  if (chaincode === '') {
    throw new Error('ChaincodeHeaderExtension.ChaincodeId.Name is empty');
  }
  if (parsed.missing === 'spec') {
    throw new Error('chaincode invocation spec did not contain chaincode spec');
  }
  if (parsed.input === undefined) {
    throw new Error('chaincode input did not contain any input');
  }
  return { parsed, signatureHeader, chaincode, input: parsed.input };
}

/** Header, creator, signature, uniqueness and ACL, in Fabric's order. Returns the creator; throws Fabric's texts. */
export function preProcess(proposal: UnpackedProposal, ledger: Ledger): Identity {
  const { parsed, signatureHeader, chaincode } = proposal;
  let creator: Identity;
  try {
    checkHeaders(parsed, signatureHeader);
    creator = authenticate(parsed, signatureHeader, ledger.channel);
  } catch (error) {
    throw new Error(`error validating proposal: ${(error as Error).message}`, { cause: error });
  }
  const { txId } = parsed.channelHeader;
  if (ledger.transactionStatus(txId) !== undefined) {
    const creatorHex = signatureHeader.creator.toString('hex');
    throw new Error(`duplicate transaction found [${txId}]. Creator [${creatorHex}]`);
  }
  if (!isSystemChaincode(chaincode)) {
    requireWriter(parsed, signatureHeader, ledger.channel);
  }
  return creator;
}

/** A proposal outside any channel concerns the peer: its own organisation's MSP knows whom it may listen to. */
export function preProcessLocally(
  { parsed, signatureHeader }: UnpackedProposal,
  channel: Channel,
  mspId: string,
): Identity {
  try {
    checkHeaders(parsed, signatureHeader);
    const identity = authenticate(parsed, signatureHeader, channel, '');
    if (identity.mspId !== mspId) {
      throw new Error('access denied: channel [] creator org unknown, creator is malformed');
    }
    return identity;
  } catch (error) {
    throw new Error(`error validating proposal: ${(error as Error).message}`, { cause: error });
  }
}

function checkHeaders(
  { channelHeader, signature }: ParsedProposal,
  { creator, nonce }: SignatureHeader,
): void {
  if (channelHeader.type !== ENDORSER_TRANSACTION && channelHeader.type !== CONFIG) {
    throw new Error(`invalid header type ${channelHeader.type}`);
  }
  if (channelHeader.epoch !== 0) {
    throw new Error('epoch is non-zero');
  }
  if (nonce.length === 0) {
    throw new Error('nonce is empty');
  }
  if (creator.length === 0) {
    throw new Error('creator is empty');
  }
  const expected = transactionId(nonce, creator);
  if (channelHeader.txId !== expected) {
    throw new Error(`incorrectly computed txid '${channelHeader.txId}' -- expected '${expected}'`);
  }
  if (signature.length === 0) {
    throw new Error('empty signature bytes');
  }
}

function authenticate(
  parsed: ParsedProposal,
  { creator }: SignatureHeader,
  channel: Channel,
  channelId = channel.channelId,
): Identity {
  const denied = `access denied: channel [${channelId}] creator org`;
  let identity: Identity;
  try {
    identity = channel.deserializeIdentity(creator);
  } catch (error) {
    throw new Error(`${denied} unknown, creator is malformed`, { cause: error });
  }
  const refused = `${denied} [${identity.mspId}]`;
  try {
    identity.validate();
  } catch (error) {
    throw new Error(refused, { cause: error });
  }
  if (!identity.verify(parsed.proposalBytes, parsed.signature)) {
    throw new Error(refused);
  }
  return identity;
}

function requireWriter(parsed: ParsedProposal, { creator }: SignatureHeader, channel: Channel): void {
  const policy = channel.policyFor('peer/Propose', '/Channel/Application/Writers');
  const signed = { data: parsed.proposalBytes, identity: creator, signature: parsed.signature };
  const refusal = channel.policyRefusal(policy, [signed]);
  if (refusal !== undefined) {
    throw new Error(
      `Failed evaluating policy on signed data during check policy on channel [${channel.channelId}] with policy [${policy}]: [${refusal}]`,
    );
  }
}

/** Of the creator's certificate, whoever issued it; undefined when there is none to read [common/crypto ExpiresAt]. */
function endOfValidity(channel: Channel, creator: Buffer): number | undefined {
  try {
    return channel.deserializeIdentity(creator).notAfter;
  } catch {
    return endOfForeignValidity(creator);
  }
}

function endOfForeignValidity(creator: Buffer): number | undefined {
  try {
    const [, certificate] = lengthDelimited(creator, 1, 2);
    return certificate === undefined ? undefined : new X509Certificate(certificate).validToDate.getTime();
  } catch {
    return undefined;
  }
}

function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
