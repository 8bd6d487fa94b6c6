import { canonicalText, primitives, z } from '@consent-ledger/chaincode/wire';

/**
 * A bundle is text: one canonical JSON object (RFC 8785) on each line, each line ended by a line feed. The first says
 * what the bundle is, then comes a line for each block from the genesis block on, and the last has the SHA-256 of all
 * lines before it. Nothing is in it that is not verified, so there is one encoding of one history, and no byte of it
 * can be changed unnoticed: of a block there are only its transactions and its signatures, since number, previous hash
 * and data hash follow from them, and of its metadata only what the orderers signed and the validation codes.
 */
const bytes = z
  .string()
  .refine(
    (text) => Buffer.from(text, 'base64url').toString('base64url') === text,
    'not base64url in its one form',
  );

export const FORMAT = 'consent-ledger-evidence';

/** What the report is about; the proof is of everything. */
export const aboutSchema = z.strictObject({
  subject: primitives.fhirId.exactOptional(),
  record: primitives.fhirId.exactOptional(),
  member: primitives.mspId.exactOptional(),
});
export type About = z.infer<typeof aboutSchema>;

export const headerLine = z.strictObject({
  format: z.literal(FORMAT),
  v: z.literal(1),
  /** "This is all of it", from the genesis block on. */
  kind: z.literal('full'),
  ledger: primitives.ledgerId,
  chaincode: z.string().min(1).max(64),
  /** Collections whose private values are in the bundle, in order. */
  collections: z.array(z.string().min(1).max(128)).max(10_000),
  about: aboutSchema,
});
export type HeaderLine = z.infer<typeof headerLine>;

export const blockLine = z.strictObject({
  block: z.int().min(0),
  /** common.Envelope of each transaction. */
  data: z.array(bytes),
  /** common.Metadata with the orderers' signatures. */
  signatures: bytes,
  /** One protos.TxValidationCode a byte. */
  codes: bytes,
  /** rwset.TxPvtReadWriteSet of the transactions that have one, with their places. */
  private: z.array(z.strictObject({ tx: z.int().min(0), set: bytes })),
});
export type BlockLine = z.infer<typeof blockLine>;

export const endLine = z.strictObject({
  /** Number of blocks. */
  end: z.int().min(1),
  /** SHA-256 of all lines before this one, line feeds included. */
  sha256: bytes,
});

/**
 * The same as {@link encodeLine} for a line of a block: its texts need no escaping, so that Node's own encoder makes the canonical
 * form, ten times as fast, where the properties are in order.
 */
export function encodeBlockLine({ block, codes, data, private: secrets, signatures }: BlockLine): string {
  const ordered = secrets.map(({ set, tx }) => ({ set, tx }));
  return `${JSON.stringify({ block, codes, data, private: ordered, signatures })}\n`;
}

export function encodeLine(line: object): string {
  return `${canonicalText(line)}\n`;
}
