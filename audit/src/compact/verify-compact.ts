import { hash } from 'node:crypto';
import { isOversightKind, parseCheckpoint, type Checkpoint } from '@consent-ledger/chaincode/wire';
import { dataHash, ledgerIdOf } from '../block-hash.js';
import {
  missingCosigners,
  requireSignatures,
  type ConfigurationJudge,
  type CosignerRule,
} from '../checkpoints/cosigners.js';
import { CONFIGURATION_KEY, hashOfLeaf } from '../checkpoints/leaf.js';
import { provesConsistency, provesInclusion } from '../checkpoints/merkle-proofs.js';
import { EvidenceRefused, type EvidencePlace } from '../evidence/refusal.js';
import {
  checkpointLine,
  compactHeader,
  configurationLine,
  earlierLine,
  provedLine,
  type CheckpointLine,
  type CompactHeader,
  type ConfigurationLine,
  type EarlierLine,
  type ProvedLine,
} from './format.js';
import { SealedReader } from './lines.js';
import { ProvedValues, type ProvedDelivery, type ProvedEvent, type ProvedOther } from './proved-values.js';

export interface VerifyCompactOptions {
  /** Fingerprint of the genesis block: lower-case hex SHA-256 of its header. */
  readonly ledger: string;
  /** @param genesis common.Envelope of the genesis block's configuration; throws where it is none */
  readonly configurations: (genesis: Uint8Array) => ConfigurationJudge;
  /** MSP ids without whose signature nothing is believed. */
  readonly required?: readonly string[];
}

/** Its root as base64. */
export type StatedCheckpoint = Omit<Checkpoint, 'root'> & { readonly root: string };

/** What a compact bundle proves: that these are in the history. */
export interface CompactEvidence {
  readonly header: CompactHeader;
  readonly checkpoint: StatedCheckpoint;
  /** The one that its history goes on from, where the bundle proves that. */
  readonly earlier?: StatedCheckpoint;
  /** MSP ids of those who signed the checkpoint. */
  readonly cosigners: readonly string[];
  /** MSP ids of all organisations of the channel at the checkpoint. */
  readonly organisations: readonly string[];
  readonly events: readonly ProvedEvent[];
  readonly deliveries: readonly ProvedDelivery[];
  readonly others: readonly ProvedOther[];
}

/**
 * Verifies a compact bundle, believing nobody but the fingerprint of the genesis block and as many cosigners as it takes: from the
 * fingerprint follow the channel's organisations, from their certificates the signatures of the checkpoint, from its root that each value is in
 * the history, and from the members' keys in it that each request was signed.
 *
 * @param lines of the bundle, without their line feeds
 * @throws EvidenceRefused with the place
 */
export function verifyCompact(lines: readonly string[], options: VerifyCompactOptions): CompactEvidence {
  const reader = SealedReader.open(lines);
  const header = reader.next(compactHeader);
  if (header.ledger !== options.ledger) {
    const what = `it is about ledger ${header.ledger}, not about ${options.ledger}`;
    throw new EvidenceRefused('genesis', { line: 0 }, what);
  }
  const configurations: PlacedConfiguration[] = [];
  while (reader.startsWith('{"configuration":'))
    configurations.push({ line: reader.place, content: reader.next(configurationLine) });
  const judge = judgeOf(configurations, options);

  const place = { line: reader.place };
  const given = reader.next(checkpointLine);
  const checkpoint = signedBy(given, judge, header.ledger, place);
  for (const { line, content } of configurations) requireInclusion(content, checkpoint, line);
  const earlier = reader.startsWith('{"consistency":')
    ? { line: reader.place, ...reader.next(earlierLine) }
    : undefined;

  const values = new ProvedValues(header);
  for (let last = -1; !reader.isAtEnd;) {
    const at = reader.place;
    const line = reader.next(provedLine);
    if (line.index <= last)
      throw new EvidenceRefused('format', { line: at }, 'what it proves is not in order');
    last = line.index;
    requireInclusion(line, checkpoint, at);
    values.take(line, { line: at, block: line.leaf.block, transaction: line.leaf.tx });
  }
  const oversight = [...values.members.values()]
    .filter(({ kind }) => isOversightKind(kind))
    .map(({ mspId }) => mspId);
  const required = options.required ?? [];
  requireEnough(given, { members: judge.members, oversight, required }, place);
  const { events, deliveries, others } = values;
  return {
    header,
    checkpoint: stated(checkpoint),
    ...(earlier !== undefined && {
      earlier: stated(requireEarlier(earlier, checkpoint, { configurations, oversight, options })),
    }),
    cosigners: given.signatures.map(({ mspId }) => mspId),
    organisations: judge.members,
    events,
    deliveries,
    others,
  };
}

interface PlacedConfiguration {
  readonly line: number;
  readonly content: ConfigurationLine;
}

/** @throws EvidenceRefused `checkpoint-signature`, `configuration` */
function signedBy(
  { checkpoint: text, signatures }: CheckpointLine,
  judge: ConfigurationJudge,
  ledger: string,
  place: EvidencePlace,
): Checkpoint {
  if (signatures.some(({ mspId }, at) => mspId <= (signatures[at - 1]?.mspId ?? '')))
    throw new EvidenceRefused('format', place, 'its signatures are not in order');
  const checkpoint = requireSignatures(text, signatures, judge, place);
  if (checkpoint.ledger !== ledger)
    throw new EvidenceRefused('genesis', place, 'its checkpoint is of another ledger');
  return checkpoint;
}

/** @throws EvidenceRefused `cosigners` */
function requireEnough({ signatures }: CheckpointLine, rule: CosignerRule, place: EvidencePlace): void {
  const missing = missingCosigners(
    signatures.map(({ mspId }) => mspId),
    rule,
  );
  if (missing !== undefined) throw new EvidenceRefused('cosigners', place, missing);
}

/** The earlier checkpoint, signed by the members of its day, where its tree is the beginning of the later one's. */
function requireEarlier(
  { line, earlier, consistency }: EarlierLine & { readonly line: number },
  later: Checkpoint,
  known: {
    readonly configurations: readonly PlacedConfiguration[];
    readonly oversight: readonly string[];
    readonly options: VerifyCompactOptions;
  },
): Checkpoint {
  const { configurations, oversight, options } = known;
  const block = parseCheckpoint(earlier.checkpoint)?.block ?? 0;
  const judge = judgeOf(
    configurations.filter(({ content }) => content.leaf.block <= block),
    options,
  );
  const checkpoint = signedBy(earlier, judge, later.ledger, { line });
  requireEnough(earlier, { members: judge.members, oversight }, { line });
  const proof = consistency.map((one) => Buffer.from(one, 'base64url'));
  if (checkpoint.block > later.block || !provesConsistency(checkpoint, later, proof)) {
    const what = `the history of the checkpoint of block ${block} is not the beginning of that of block ${later.block}`;
    throw new EvidenceRefused('consistency', { line, block }, what);
  }
  return checkpoint;
}

function stated(checkpoint: Checkpoint): StatedCheckpoint {
  return { ...checkpoint, root: checkpoint.root.toString('base64') };
}

/** From the genesis block's fingerprint to the configuration that the checkpoint was made under. */
function judgeOf(
  configurations: readonly PlacedConfiguration[],
  { ledger, configurations: judging }: VerifyCompactOptions,
): ConfigurationJudge {
  const [first, ...later] = configurations;
  if (first === undefined)
    throw new EvidenceRefused('genesis', { line: 1 }, 'it does not begin with the genesis block');
  const genesis = Buffer.from(first.content.configuration, 'base64url');
  const header = { number: 0, previousHash: Buffer.alloc(0), dataHash: dataHash([genesis]) };
  if (ledgerIdOf(header) !== ledger) {
    const what = `its genesis block has the fingerprint ${ledgerIdOf(header)}, not ${ledger}`;
    throw new EvidenceRefused('genesis', { line: first.line, block: 0 }, what);
  }
  const judge = judging(genesis);
  for (const { line, content } of later) {
    if (judge.next(Buffer.from(content.configuration, 'base64url'))) continue;
    const what = 'that configuration does not follow from the one before it by who may change it';
    throw new EvidenceRefused('configuration', { line, block: content.leaf.block }, what);
  }
  return judge;
}

function requireInclusion(
  line: ConfigurationLine | ProvedLine,
  { size, root, block }: Checkpoint,
  place: number,
): void {
  const { leaf, index, proof } = line;
  const at = { line: place, block: leaf.block, transaction: leaf.tx };
  const refuse = (what: string): EvidenceRefused => new EvidenceRefused('inclusion', at, what);
  if ('configuration' in line) {
    const value = hash('sha256', Buffer.from(line.configuration, 'base64url'), 'base64url');
    if (leaf.namespace !== '' || leaf.key !== CONFIGURATION_KEY || leaf.value !== value)
      throw refuse('its leaf is not of that configuration');
  }
  const hashes = proof.map((one) => Buffer.from(one, 'base64url'));
  if (leaf.block > block || !provesInclusion(hashOfLeaf(leaf), index, size, hashes, root))
    throw refuse('it is not in the history of that checkpoint in that place');
}
