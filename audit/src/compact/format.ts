import {
  checkpointNoteText,
  eventDetail,
  primitives,
  signedCheckpoint,
  z,
} from '@consent-ledger/chaincode/wire';
import { historyLeaf } from '../checkpoints/leaf.js';
import { aboutSchema, FORMAT } from '../evidence/format.js';

/**
 * A compact bundle is text like a full one: a canonical JSON object (RFC 8785) on each line. First what it is; the channel's
 * configurations from the genesis block's on, each with its proof; the checkpoint with the signatures of its cosigners, in the order of
 * their MSP ids; perhaps an earlier one that it goes on from; then the proved values in the order of their places in the tree; last the SHA-256 of all lines before.
 */

/** Nobody has more than 2^64 leaves. */
const MAX_PROOF = 64;
const leafIndex = z.int().min(0);
const proof = z.array(primitives.digest).max(MAX_PROOF);
const bytes = primitives.base64UrlText(32 * 1024 * 1024);

export const compactAbout = aboutSchema.extend({
  /** Key of one event. */
  event: primitives.eventKey.exactOptional(),
  /** Decided at this instant or later. */
  since: primitives.instant.exactOptional(),
  /** Decided before this instant. */
  until: primitives.instant.exactOptional(),
});
export type CompactAbout = z.infer<typeof compactAbout>;

export const compactHeader = z.strictObject({
  format: z.literal(FORMAT),
  v: z.literal(1),
  /** "These events are in the history", and nothing of what else is. */
  kind: z.literal('compact'),
  ledger: primitives.ledgerId,
  chaincode: z.string().min(1).max(64),
  about: compactAbout,
});
export type CompactHeader = z.infer<typeof compactHeader>;

export const configurationLine = z.strictObject({
  /** common.Envelope */
  configuration: bytes,
  index: leafIndex,
  leaf: historyLeaf,
  proof,
});
export type ConfigurationLine = z.infer<typeof configurationLine>;

export const checkpointLine = z.strictObject({
  checkpoint: checkpointNoteText,
  signatures: z
    .array(signedCheckpoint.omit({ v: true, checkpoint: true }))
    .min(1)
    .max(1_000),
});
export type CheckpointLine = z.infer<typeof checkpointLine>;

/** An earlier checkpoint, whose tree is the beginning of this one's. */
export const earlierLine = z.strictObject({
  earlier: checkpointLine,
  /** RFC 9162 section 2.1.4 */
  consistency: proof,
});
export type EarlierLine = z.infer<typeof earlierLine>;

export const provedLine = z.strictObject({
  index: leafIndex,
  leaf: historyLeaf,
  /** RFC 9162 section 2.1.3: from the leaf's sibling up. */
  proof,
  key: z.string().min(1).max(512),
  /** The value whose hash the leaf has: canonical JSON. */
  value: z
    .string()
    .min(2)
    .max(4 * 1024 * 1024),
  /** Of an event: what custodian and oversight alone may read, the request object among it. */
  detail: eventDetail.exactOptional(),
});
export type ProvedLine = z.infer<typeof provedLine>;
