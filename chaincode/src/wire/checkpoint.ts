import { createHash, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { base64UrlText, mspId } from './primitives.js';

/**
 * A checkpoint: what a member says of the whole history up to a block, in a few lines that every other member works out
 * for itself. A C2SP tlog-checkpoint (c2sp.org/tlog-checkpoint) with four extension lines:
 *
 * ```
 * consent-ledger/<ledger id>
 * <number of leaves>
 * <root of the Merkle tree, base64>
 * block <number> <lower-case hex SHA-256 of its header>
 * time <latest timestamp of a valid transaction up to that block>
 * configuration <sequence of the channel's configuration after that block>
 * ```
 */
export interface Checkpoint {
  readonly ledger: string;
  /** Number of leaves. */
  readonly size: number;
  /** Root of the tree (RFC 9162 section 2.1), 32 bytes. */
  readonly root: Buffer;
  /** Number of the last block whose leaves are in the tree. */
  readonly block: number;
  /** Lower-case hex SHA-256 of that block's header. */
  readonly hash: string;
  /** FHIR instant. */
  readonly time: string;
  readonly configuration: number;
}

const PREFIX = 'consent-ledger/';
const NUMBER = '(0|[1-9][0-9]{0,14})';
const TEXT = new RegExp(
  `^${PREFIX}([0-9a-f]{64})\n${NUMBER}\n([A-Za-z0-9+/]{43}=)\n` +
    `block ${NUMBER} ([0-9a-f]{64})\n` +
    `time (\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d{3}Z)\nconfiguration ${NUMBER}\n$`,
);

/** The note's text: what is signed. */
export function checkpointText({ ledger, size, root, block, hash, time, configuration }: Checkpoint): string {
  return (
    `${PREFIX}${ledger}\n${size}\n${root.toString('base64')}\n` +
    `block ${block} ${hash}\ntime ${time}\nconfiguration ${configuration}\n`
  );
}

/** @returns undefined unless it is the one text of a checkpoint */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [, ledger, size, root, block, hash, time, configuration] = TEXT.exec(text) ?? [];
  if (ledger === undefined || root === undefined || hash === undefined || time === undefined)
    return undefined;
  const checkpoint: Checkpoint = {
    ledger,
    size: Number(size),
    root: Buffer.from(root, 'base64'),
    block: Number(block),
    hash,
    time,
    configuration: Number(configuration),
  };
  return checkpointText(checkpoint) === text ? checkpoint : undefined;
}

const CHECKPOINT_PREFIX = 'checkpoint/';
const BLOCK_DIGITS = 15;

/** First part of the public keys of what was signed for one block. */
export function checkpointPrefix(block: number): string {
  return `${CHECKPOINT_PREFIX}${String(block).padStart(BLOCK_DIGITS, '0')}/`;
}

/** Public key of what one member has signed for one block. */
export function checkpointKey(block: number, member: string): string {
  return checkpointPrefix(block) + member;
}

export const checkpointNoteText = z
  .string()
  .max(512)
  .refine((text) => parseCheckpoint(text) !== undefined);

/** ECDSA with SHA-256 over the note's text, DER, base64url. */
export const checkpointSignature = base64UrlText(144);

/** Public value `checkpoint/<block>/<MSPID>`; written once. */
export const signedCheckpoint = z.strictObject({
  v: z.literal(1),
  mspId,
  checkpoint: checkpointNoteText,
  /** DER of the certificate whose key signed: the one that its organisation sent it with. */
  certificate: base64UrlText(8_192),
  signature: checkpointSignature,
});
export type SignedCheckpoint = z.infer<typeof signedCheckpoint>;

/**
 * Name of a key in the signature lines of notes: the first four bytes of SHA-256 of the public key (SPKI, DER), as
 * c2sp.org/signed-note has it for ECDSA (signature type 0x02).
 */
export function noteKeyId(certificate: X509Certificate): Buffer {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' });
  return createHash('sha256').update(key).digest().subarray(0, 4);
}

/** One signature line of a note. Throws where the certificate is none. */
function signatureLine({ mspId: name, certificate, signature }: SignedCheckpoint): string {
  const key = noteKeyId(new X509Certificate(Buffer.from(certificate, 'base64url')));
  const bytes = Buffer.concat([key, Buffer.from(signature, 'base64url')]);
  return `— ${name} ${bytes.toString('base64')}\n`;
}

/** A signed note (c2sp.org/signed-note) of signatures of one text. */
export function checkpointNote(text: string, signatures: readonly SignedCheckpoint[]): string {
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}
