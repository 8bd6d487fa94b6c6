import { status } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { errorEntry, parseRefusal } from '@consent-ledger/chaincode/wire';
import { EndorsementError, type PeerMessage } from '../../ports/ledger.js';
import { Refusal } from '../../usecases/refusal.js';

/** What endorsers say when they executed at different heights: each is right, and together they are no endorsement. */
const ENDORSERS_DIFFER = 'ProposalResponsePayloads do not match';

/** The Refusal that an error of a gateway call amounts to: chaincode's own code, or what to do about the ledger. */
export function refusalOfLedger(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  for (const { message } of messagesOf(error, '')) {
    const refused = refusalIn(message, error);
    if (refused !== undefined) return refused;
  }
  return new Refusal('ledger-unavailable', { cause: error });
}

/**
 * What an endorser says that could not hand the private data to as many members' peers as it has to (gossip/privdata/distributor.go of
 * Fabric). It chooses them at random among those that it believes to be there.
 */
const NOT_HANDED_ON = /failed to distribute private collection|required to disseminate/;

/** Why a proposal was not endorsed, and what is left to do about it. */
export interface EndorsementFailure {
  readonly refusal: Refusal;
  /** MSP ids of those who did not endorse, as far as that is known. */
  readonly blamed: ReadonlySet<string>;
  /** Nobody else can answer otherwise. */
  readonly isFinal: boolean;
  /** The same endorsers may do it at the next try. */
  readonly isChance: boolean;
}

/**
 * Chaincode's refusal is final where the own peer says so, since it holds all that the proposal rests on. Where only another
 * organisation refuses, its peer is behind or lies: that is a difference between endorsers, like results that do not match. Where the
 * own peer was not to endorse, as a sponsor's is not, what all that answered say is final.
 *
 * @param choice MSP ids of those who were asked; absent: the own peer chose them
 */
export function endorsementFailure(
  error: unknown,
  own: string,
  choice?: readonly string[],
): EndorsementFailure {
  const peers = messagesOf(error, own);
  const cause = new EndorsementError(
    peers.map((peer) => ({ ...peer, message: plain(peer.message) })),
    error,
  );
  const blamed = new Set(peers.map(({ member }) => member));
  const verdicts = peers.map(({ member, message }) => ({
    member,
    message,
    refusal: refusalIn(message, cause),
  }));
  const isChance = peers.some(({ message }) => NOT_HANDED_ON.test(message));
  const of = (refusal: Refusal, isFinal: boolean): EndorsementFailure => ({
    refusal,
    blamed: isChance ? new Set() : blamed,
    isFinal,
    isChance,
  });

  const verdict = verdicts.find(({ member, refusal }) => member === own && isVerdict(refusal));
  if (verdict?.refusal !== undefined) return of(verdict.refusal, true);
  const [first] = verdicts;
  const isUnanimous = verdicts.every(
    ({ refusal }) => isVerdict(refusal) && refusal?.code === first?.refusal?.code,
  );
  if (choice?.includes(own) === false && first?.refusal !== undefined && isUnanimous)
    return of(first.refusal, true);
  const isDifferent = ({ message, refusal }: (typeof verdicts)[number]): boolean =>
    isVerdict(refusal) || message.includes(ENDORSERS_DIFFER);
  const failed = verdicts.some((one) => one.refusal === undefined && !isDifferent(one));
  if (failed || verdicts.length === 0)
    return of(new Refusal('ledger-unavailable', { cause }), !mayChange(error));
  if (verdicts.some(isDifferent)) {
    // Which of the two is right nobody can tell from here.
    return { ...of(new Refusal('ledger-conflict', { cause }), false), blamed: new Set() };
  }
  return of(
    verdicts.find(({ refusal }) => refusal !== undefined)?.refusal ??
      new Refusal('ledger-unavailable', { cause }),
    false,
  );
}

/** A refusal that does not pass by itself, such as missing private data does. */
function isVerdict(refusal: Refusal | undefined): boolean {
  return refusal !== undefined && !errorEntry(refusal.code).retryable && refusal.code !== 'chaincode-failed';
}

function refusalIn(text: string, cause: unknown): Refusal | undefined {
  const refused = parseRefusal(text);
  if (refused === undefined) return undefined;
  const errors = refused.paths.map((path) => ({ path, message: 'is refused' }));
  return new Refusal(refused.code, { errors, cause });
}

/** Whether another endorser, or the same one a moment later, might answer where this one did not. */
function mayChange(error: unknown): boolean {
  if (!(error instanceof GatewayError)) return false;
  const codes: readonly number[] = [
    status.UNAVAILABLE,
    status.ABORTED,
    status.DEADLINE_EXCEEDED,
    status.CANCELLED,
    status.FAILED_PRECONDITION,
  ];
  return codes.includes(error.code);
}

/** `failed to find any endorsing peers for org(s): AMSP, BMSP` (internal/pkg/gateway/registry.go of Fabric). */
const WITHOUT_PEERS = /for org\(s\): ([A-Za-z0-9.-]+(?:, [A-Za-z0-9.-]+)*)/;

/** What each peer said; the own peer's gateway where it failed by itself. */
function messagesOf(error: unknown, own: string): PeerMessage[] {
  if (!(error instanceof GatewayError)) return [];
  if (error.details.length > 0) {
    return error.details.map(({ mspId, ...detail }) => ({ member: mspId, ...detail }));
  }
  const without = WITHOUT_PEERS.exec(error.message)?.[1]?.split(', ');
  const { message } = error;
  if (without !== undefined) return without.map((member) => ({ member, address: '', message }));
  // A deadline tells nothing of who did not answer.
  return [{ member: isLate(error) ? '' : own, address: '', message }];
}

const MOST_CHARACTERS = 300;

/** Printable characters of one line, not too many. */
function plain(message: string): string {
  return message.replaceAll(/[^\x20-\x7e]+/g, ' ').slice(0, MOST_CHARACTERS);
}

/** Whether the call took longer than it was given. A peer that notices first says that it was cancelled. */
export function isLate(error: unknown): boolean {
  const codes: readonly number[] = [status.DEADLINE_EXCEEDED, status.CANCELLED];
  return error instanceof GatewayError && codes.includes(error.code);
}

/** Whether the peer that was called could not be reached: what the peer itself answers names others. */
export function isUnreachable(error: unknown): boolean {
  const unavailable: number = status.UNAVAILABLE;
  if (!(error instanceof GatewayError) || error.code !== unavailable) return false;
  return error.details.length === 0 && !WITHOUT_PEERS.test(error.message);
}
