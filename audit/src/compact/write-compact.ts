import {
  checkpointText,
  isOversightKind,
  member,
  MEMBER_PREFIX,
  parseCheckpoint,
  signedCheckpoint,
  type Checkpoint,
  type SignedCheckpoint,
} from '@consent-ledger/chaincode/wire';
import type { peer } from '@hyperledger/fabric-protos';
import { isSigned, missingCosigners, type ConfigurationJudge } from '../checkpoints/cosigners.js';
import type { PlacedLeaf } from '../checkpoints/history-follower.js';
import { HistoryTree } from '../checkpoints/history-tree.js';
import { CONFIGURATION_KEY } from '../checkpoints/leaf.js';
import { FORMAT } from '../evidence/format.js';
import type { CheckpointLine, CompactAbout, CompactHeader, EarlierLine } from './format.js';
import { sealedLines } from './lines.js';
import { Selection, type SelectedValue } from './selection.js';

export interface CompactSource {
  readonly ledger: string;
  readonly chaincode: string;
  readonly about: CompactAbout;
  /** From the genesis block on, as a peer delivers them with private data. */
  readonly blocks: AsyncIterable<peer.BlockAndPrivateData>;
  readonly configurations: (genesis: Uint8Array) => ConfigurationJudge;
  /** Block of an earlier checkpoint: then it is proved that the history goes on from that one, and no event. */
  readonly earlier?: number;
}

export interface CompactBundle {
  /** With their line feeds. */
  readonly lines: Iterable<string>;
  readonly checkpoint: Checkpoint;
  readonly cosigners: readonly string[];
  readonly events: number;
  /** Events that are newer than the checkpoint, so that they are not in the bundle. */
  readonly newer: number;
}

/** There is nothing that a compact bundle could rest on, or nothing that it could prove. */
export class CompactImpossible extends Error {
  override readonly name = 'CompactImpossible';
}

interface Configuration {
  readonly placed: PlacedLeaf;
  readonly envelope: Uint8Array;
}

/**
 * Gathers what a compact bundle is about, and proves it from the newest checkpoint that enough members have signed.
 * @throws CompactImpossible
 * @throws ProjectionStopped, AlteredValue where the peer delivers what is not the ledger's
 */
export async function compactBundle(source: CompactSource): Promise<CompactBundle> {
  const history = new HistoryTree();
  const selection = new Selection(source.about, source.chaincode);
  const configurations: Configuration[] = [];
  const members: SelectedValue[] = [];
  const selected: SelectedValue[] = [];
  const signatures = new Map<number, SignedCheckpoint[]>();
  for await (const delivered of source.blocks) {
    const leaves = history.take(delivered);
    const envelopes = delivered.getBlock()?.getData()?.getDataList_asU8() ?? [];
    for (const placed of leaves) {
      const envelope = envelopes[placed.leaf.tx];
      if (placed.leaf.namespace === '' && placed.leaf.key === CONFIGURATION_KEY && envelope !== undefined)
        configurations.push({ placed, envelope: Buffer.from(envelope) });
    }
    for (const own of byTransaction(leaves)) {
      members.push(...membersIn(own, source.chaincode));
      for (const signed of checkpointsIn(own, source.chaincode)) note(signatures, signed);
      if (source.earlier === undefined) selected.push(...selection.take(own));
    }
  }
  const { earlier } = source;
  if (selected.length === 0 && earlier === undefined)
    throw new CompactImpossible('nothing in the history is about that');
  const judged = { history, configurations, members, signatures };
  const { checkpoint, line, cosigners } = chosenCheckpoint(judged, source.configurations);
  const isIn = ({ leaf }: PlacedLeaf): boolean => leaf.block <= checkpoint.block;
  const inside = selected.filter(({ placed }) => isIn(placed));
  const [events, newer] = [inside, selected.filter(({ placed }) => !isIn(placed))].map(
    (values) => values.filter(({ detail }) => detail !== undefined).length,
  );
  if (inside.length === 0 && earlier === undefined) {
    const what = `all of it is newer than block ${checkpoint.block}, the last that enough members have signed a checkpoint of`;
    throw new CompactImpossible(what);
  }
  const proofOf = ({ index }: PlacedLeaf): string[] =>
    history.tree.inclusionProof(index, checkpoint.size).map((hash) => hash.toString('base64url'));
  const header: CompactHeader = {
    format: FORMAT,
    v: 1,
    kind: 'compact',
    ledger: source.ledger,
    chaincode: source.chaincode,
    about: source.about,
  };
  const proved = [...members.filter(({ placed }) => isIn(placed)), ...inside].sort(
    (a, b) => a.placed.index - b.placed.index,
  );
  const lines = [
    header,
    ...configurations
      .filter(({ placed }) => isIn(placed))
      .map(({ placed, envelope }) => ({
        configuration: Buffer.from(envelope).toString('base64url'),
        index: placed.index,
        leaf: placed.leaf,
        proof: proofOf(placed),
      })),
    line,
    ...(earlier === undefined ? [] : [earlierLineOf(earlier, checkpoint, judged, source.configurations)]),
    ...proved.map(({ placed, key, value, detail }) => ({
      index: placed.index,
      leaf: placed.leaf,
      proof: proofOf(placed),
      key,
      value,
      ...(detail !== undefined && { detail }),
    })),
  ];
  return { lines: sealedLines(lines), checkpoint, cosigners, events: events ?? 0, newer: newer ?? 0 };
}

interface Judged {
  readonly history: HistoryTree;
  readonly configurations: readonly Configuration[];
  readonly members: readonly SelectedValue[];
  readonly signatures: ReadonlyMap<number, readonly SignedCheckpoint[]>;
}

interface Chosen {
  readonly checkpoint: Checkpoint;
  readonly line: CheckpointLine;
  readonly cosigners: readonly string[];
}

/** The newest one that says what the own peer's history says, with the signatures that count. */
function chosenCheckpoint(judged: Judged, judging: CompactSource['configurations']): Chosen {
  let why = 'no member has signed a checkpoint';
  for (const block of [...judged.signatures.keys()].sort((a, b) => b - a)) {
    const found = cosignedAt(block, judged, judging);
    if (typeof found !== 'string') return found;
    why = found;
  }
  throw new CompactImpossible(`there is no checkpoint that enough members have signed: ${why}`);
}

function earlierLineOf(
  block: number,
  later: Checkpoint,
  judged: Judged,
  judging: CompactSource['configurations'],
): EarlierLine {
  const found = cosignedAt(block, judged, judging);
  if (typeof found === 'string') throw new CompactImpossible(found);
  if (block > later.block) throw new CompactImpossible(`block ${block} is not earlier than ${later.block}`);
  const proof = judged.history.tree.consistencyProof(found.checkpoint.size, later.size);
  return { earlier: found.line, consistency: proof.map((hash) => hash.toString('base64url')) };
}

/** @returns in words what is missing */
function cosignedAt(
  block: number,
  { history, configurations, members, signatures }: Judged,
  judging: CompactSource['configurations'],
): Chosen | string {
  const checkpoint = history.checkpointAt(block);
  if (checkpoint === undefined) return `the peer has no block ${block}`;
  const text = checkpointText(checkpoint);
  const judge = judgeAt(block, configurations, judging);
  const good = (signatures.get(block) ?? [])
    .filter((one) => one.checkpoint === text && isSigned(one, text, checkpoint, judge))
    .sort((a, b) => (a.mspId < b.mspId ? -1 : 1));
  const cosigners = good.map(({ mspId }) => mspId);
  const missing = missingCosigners(cosigners, { members: judge.members, oversight: oversightOf(members) });
  if (missing !== undefined) return `of block ${block} ${missing}`;
  const line = {
    checkpoint: text,
    signatures: good.map(({ mspId, certificate, signature }) => ({ mspId, certificate, signature })),
  };
  return { checkpoint, line, cosigners };
}

function oversightOf(members: readonly SelectedValue[]): string[] {
  return members
    .map(({ value }) => member.parse(JSON.parse(value)))
    .filter(({ kind }) => isOversightKind(kind))
    .map(({ mspId }) => mspId);
}

function judgeAt(
  block: number,
  configurations: readonly Configuration[],
  judging: CompactSource['configurations'],
): ConfigurationJudge {
  const [genesis, ...later] = configurations.filter(({ placed }) => placed.leaf.block <= block);
  if (genesis === undefined) throw new CompactImpossible('the history does not begin with a configuration');
  const judge = judging(genesis.envelope);
  for (const { envelope, placed } of later) {
    if (!judge.next(envelope))
      throw new CompactImpossible(`the configuration of block ${placed.leaf.block} is not authorised`);
  }
  return judge;
}

function byTransaction(leaves: readonly PlacedLeaf[]): Iterable<PlacedLeaf[]> {
  return Map.groupBy(leaves, ({ leaf }) => leaf.tx).values();
}

function membersIn(leaves: readonly PlacedLeaf[], chaincode: string): SelectedValue[] {
  return publicValues(leaves, chaincode, MEMBER_PREFIX).map(({ placed, key, value }) => ({
    placed,
    key,
    value: value.toString('utf8'),
  }));
}

function checkpointsIn(leaves: readonly PlacedLeaf[], chaincode: string): SignedCheckpoint[] {
  return publicValues(leaves, chaincode, 'checkpoint/').flatMap(({ value }) => {
    const parsed = signedCheckpoint.safeParse(JSON.parse(value.toString('utf8')));
    return parsed.success ? [parsed.data] : [];
  });
}

function publicValues(
  leaves: readonly PlacedLeaf[],
  chaincode: string,
  prefix: string,
): { placed: PlacedLeaf; key: string; value: Buffer }[] {
  const [first] = leaves;
  if (first === undefined) return [];
  // Leaves of an endorser transaction are its writes, in their order.
  return first.transaction.writes.flatMap((write, at) => {
    const placed = leaves[at];
    const key = Buffer.from(write.key, 'latin1').toString('utf8');
    const isIt =
      write.namespace === chaincode && write.collection === '' && !write.isDelete && key.startsWith(prefix);
    return placed === undefined || !isIt ? [] : [{ placed, key, value: Buffer.from(write.value) }];
  });
}

function note(signatures: Map<number, SignedCheckpoint[]>, signed: SignedCheckpoint): void {
  const checkpoint = parseCheckpoint(signed.checkpoint);
  if (checkpoint === undefined) return;
  const { block } = checkpoint;
  signatures.set(block, [...(signatures.get(block) ?? []), signed]);
}
