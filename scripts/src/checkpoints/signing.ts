import { checkpointAt, ProjectionStopped } from '@consent-ledger/audit';
import {
  checkpointText,
  parseCheckpoint,
  parseRefusal,
  signedCheckpoint,
  z,
  type Checkpoint,
  type SignedCheckpoint,
} from '@consent-ledger/chaincode/wire';
import { EndorseError } from '@hyperledger/fabric-gateway';
import type { OwnPeer } from '../audit/own-peer.js';
import { UserError } from '../user-error.js';
import { keepPosition, positionFile, readPosition, type FollowedRoots } from './kept-position.js';

/** The place is kept so often while a long history is read, so that who is ended meanwhile goes on from there. */
const KEEP_BLOCKS = 500;

/** What a member works out for one block, with what others have signed for it. */
export interface ComparedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly text: string;
  readonly signatures: readonly SignedCheckpoint[];
  /** MSP ids of those who signed the same. */
  readonly agree: readonly string[];
  /** MSP ids of those who signed something else: there are two histories. */
  readonly differ: readonly string[];
}

/**
 * Works out and signs what is due of the history up to a height: each block whose number is a multiple of the configuration's
 * `checkpointBlocks`. Who begins on a long history signs the newest of them alone.
 *
 * @param signed is called after each, and for the one before it where somebody has signed another history up to there since
 */
export async function signDue(
  peer: OwnPeer,
  height: number,
  signed: (compared: ComparedCheckpoint) => void,
): Promise<void> {
  const file = positionFile(peer.dataDirectory);
  const every = peer.configuration.ledger.checkpointBlocks;
  let roots: FollowedRoots = await readPosition(file, peer.ledgerId);
  const start = roots.follower.position === undefined ? 0 : roots.follower.position.block + 1;
  const newest = Math.floor((height - 1) / every) * every;
  // What is not due yet is read when it is.
  if (newest < start || newest === 0) return;
  const first = roots.signed === undefined ? newest : start;
  let unkept = 0;
  for await (const delivered of peer.source.blocks(start, newest + 1, new AbortController().signal)) {
    for (const { hash } of roots.follower.take(delivered)) roots.tree.append(hash);
    const { position } = roots.follower;
    if (position === undefined) continue;
    unkept += 1;
    if (position.block >= first && position.block % every === 0) {
      const again = await comparedAgain(peer, roots.signed);
      if (again !== undefined && again.differ.length > 0) signed(again);
      const found = await signOne(peer, checkpointAt(position, roots.tree.root()));
      signed(found);
      roots = { ...roots, signed: { block: position.block, checkpoint: found.text } };
    } else if (unkept < KEEP_BLOCKS) continue;
    await keepPosition(file, roots);
    unkept = 0;
  }
}

/** Who signs first has nobody to compare with: what it signed before is held against those who came after it. */
async function comparedAgain(
  peer: OwnPeer,
  last: FollowedRoots['signed'],
): Promise<ComparedCheckpoint | undefined> {
  const checkpoint = last?.checkpoint === undefined ? undefined : parseCheckpoint(last.checkpoint);
  return checkpoint && compared(peer, checkpoint);
}

/** Signs it, unless the member has, and puts it where every member reads it. */
export async function signOne(peer: OwnPeer, checkpoint: Checkpoint): Promise<ComparedCheckpoint> {
  const text = checkpointText(checkpoint);
  const before = await compared(peer, checkpoint);
  if (before.agree.includes(peer.mspId)) return before;
  const signature = Buffer.from(await peer.sign(text)).toString('base64url');
  await refusedInWords(peer.apply({ v: 1, command: 'sign-checkpoint', checkpoint: text, signature }));
  return compared(peer, checkpoint);
}

/** Holds what the own history says against what the members have signed. */
export async function compared(peer: OwnPeer, checkpoint: Checkpoint): Promise<ComparedCheckpoint> {
  const text = checkpointText(checkpoint);
  const answer = await peer.query({ v: 1, query: 'checkpoint', block: checkpoint.block });
  const { signatures } = answered.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
  const [agree, differ] = [true, false].map((same) =>
    signatures.filter((one) => (one.checkpoint === text) === same).map(({ mspId }) => mspId),
  );
  return { checkpoint, text, signatures, agree: agree ?? [], differ: differ ?? [] };
}

const answered = z.strictObject({ signatures: z.array(signedCheckpoint) });

/** Throws a UserError in the place of chaincode's refusal. */
async function refusedInWords(work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    const texts = error instanceof EndorseError ? error.details.map(({ message }) => message) : [];
    const refusal = texts.map(parseRefusal).find((one) => one !== undefined);
    if (refusal?.code === 'checkpoint-signed-otherwise') {
      throw new UserError(
        'STOPPED: this member has signed another history up to that block. Compare with the other members before anything else.',
        undefined,
        { cause: error },
      );
    }
    if (refusal !== undefined)
      throw new UserError(`The ledger refuses it: ${refusal.code}.`, undefined, { cause: error });
    throw error;
  }
}

/** A history that does not go on from what was read is for people to look at. */
export function stoppedForPeople(error: unknown): unknown {
  if (!(error instanceof ProjectionStopped)) return error;
  return new UserError(
    `STOPPED (${error.reason}) at ${error.message}. Compare with other members before anything else.`,
    undefined,
    { cause: error },
  );
}
