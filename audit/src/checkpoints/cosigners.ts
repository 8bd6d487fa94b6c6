import { X509Certificate } from 'node:crypto';
import { parseCheckpoint, type Checkpoint, type SignedCheckpoint } from '@consent-ledger/chaincode/wire';
import { EvidenceRefused } from '../evidence/refusal.js';

/** The channel's configurations, each authorised by the one before it: who its organisations are, and whose certificates are theirs. */
export interface ConfigurationJudge {
  /** @param envelope common.Envelope of the configuration that comes next */
  next(envelope: Uint8Array): boolean;
  /** Of the present configuration. */
  readonly sequence: number;
  /** MSP ids of the channel's organisations. */
  readonly members: readonly string[];
  /** Whether a client of that organisation signed, by the present configuration. */
  isSigned(signature: {
    readonly mspId: string;
    /** DER. */
    readonly certificate: Uint8Array;
    readonly signed: Uint8Array;
    readonly signature: Uint8Array;
    /** Epoch milliseconds at which the certificate must not have expired. */
    readonly at: number;
  }): boolean;
}

export type Cosignature = Omit<SignedCheckpoint, 'v' | 'checkpoint'>;

/**
 * The checkpoint, where each of the signatures is of a client of the organisation that it names.
 * @throws EvidenceRefused `checkpoint-signature`, `configuration`
 */
export function requireSignatures(
  text: string,
  signatures: readonly Cosignature[],
  judge: ConfigurationJudge,
  place: { readonly line?: number } = {},
): Checkpoint {
  const checkpoint = parseCheckpoint(text);
  if (checkpoint === undefined) throw new EvidenceRefused('format', place, 'it is not a checkpoint');
  const unsigned = signatures.find((one) => !isSigned(one, text, checkpoint, judge));
  if (unsigned !== undefined) {
    const what = `no client of ${unsigned.mspId} signed that checkpoint`;
    throw new EvidenceRefused('checkpoint-signature', place, what);
  }
  if (checkpoint.configuration !== judge.sequence) {
    const what = `the checkpoint was made under configuration ${checkpoint.configuration} of the channel, not ${judge.sequence}`;
    throw new EvidenceRefused('configuration', place, what);
  }
  return checkpoint;
}

/** Whether a client of the organisation that it names signed that checkpoint. */
export function isSigned(
  { mspId, certificate, signature }: Cosignature,
  text: string,
  { time }: Checkpoint,
  judge: ConfigurationJudge,
): boolean {
  const der = Buffer.from(certificate, 'base64url');
  return (
    isOneCertificate(der) &&
    judge.isSigned({
      mspId,
      certificate: der,
      signed: Buffer.from(text),
      signature: Buffer.from(signature, 'base64url'),
      at: Date.parse(time),
    })
  );
}

function isOneCertificate(der: Buffer): boolean {
  try {
    return new X509Certificate(der).raw.equals(der);
  } catch {
    return false;
  }
}

/** Who has to sign a checkpoint before anything is believed on it. */
export interface CosignerRule {
  /** MSP ids of all organisations of the channel. */
  readonly members: readonly string[];
  /** Those of them that are oversight organisations. */
  readonly oversight: readonly string[];
  /** MSP ids without whose signature a reader believes nothing. */
  readonly required?: readonly string[];
}

/**
 * More than half of the channel's organisations, and at least one oversight organisation among them: so no custodian can make a history
 * alone, nor can all oversight organisations together.
 *
 * @returns what is missing; undefined where it is enough
 */
export function missingCosigners(signers: readonly string[], rule: CosignerRule): string | undefined {
  const { members, oversight, required = [] } = rule;
  const counted = members.filter((member) => signers.includes(member));
  const absent = required.find((member) => !counted.includes(member));
  if (absent !== undefined) return `${absent} did not sign it`;
  const least = Math.floor(members.length / 2) + 1;
  if (counted.length < least)
    return `${counted.length} of the ${members.length} organisations signed it, and it takes ${least}`;
  if (!counted.some((member) => oversight.includes(member))) return 'no oversight organisation signed it';
  return undefined;
}
