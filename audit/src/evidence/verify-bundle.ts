import { isSignedBy } from '@consent-ledger/chaincode/wire';
import { common } from '@hyperledger/fabric-protos';
import { dataHash, headerBytes, headerHash, ledgerIdOf, type BlockHeader } from '../block-hash.js';
import { allSignedByOrderers } from '../block-signatures.js';
import { orderingRuleOf, type OrderingRule } from '../channel-config.js';
import type { DeliveredBlock } from '../history/delivered-block.js';
import { AlteredValue } from '../history/believe.js';
import { isFault, type Finding } from '../replay/finding.js';
import { Replay, type ReplayReport } from '../replay/replay.js';
import type { KnownSignatures } from './ahead/known-signatures.js';
import { SignaturesAhead } from './ahead/signatures-ahead.js';
import { firstUnsigned, isConfiguration, readEnvelope } from './envelopes.js';
import type { BlockContent } from './block-line.js';
import type { HeaderLine } from './format.js';
import { PrivateHoldings } from './private-holdings.js';
import { readBundle } from './read-bundle.js';
import { EvidenceRefused } from './refusal.js';

/** The rules by which every peer of the channel gives a transaction its validation code. */
export interface TransactionJudge {
  /**
   * Judges a block that comes next, and takes what is valid of it into the state.
   * @param isKnown whether a signature is known to be right: PEM of the certificate, what was signed, signature
   * @returns a protos.TxValidationCode for each transaction
   */
  block(
    number: number,
    envelopes: readonly Uint8Array[],
    isKnown?: (idBytes: Uint8Array, message: Uint8Array, signature: Uint8Array) => boolean,
  ): readonly number[];
}

export interface VerifyOptions {
  /** Fingerprint of the genesis block: lower-case hex SHA-256 of its header. */
  readonly ledger: string;
  /** @param genesis common.Envelope of the genesis block's configuration */
  readonly judge: (genesis: Uint8Array) => TransactionJudge;
  /** Verifies signatures in a second thread; what is found is the same. */
  readonly inParallel?: true;
  /** Called after each block. */
  readonly onProgress?: (blocks: number) => void;
}

/** What a bundle proves. */
export interface Evidence {
  readonly header: HeaderLine;
  readonly blocks: number;
  readonly transactions: { readonly valid: number; readonly invalid: number };
  readonly ordering: 'bft' | 'raft';
  /** Private values that were deleted or purged, so that the bundle rightly has none. */
  readonly purged: number;
  readonly replay: ReplayReport;
}

const VALID = 0;

/**
 * Verifies a full bundle, believing nobody but the fingerprint of the genesis block: that each block is signed by the
 * orderers that the configuration of its day names, that each transaction has the code that the peers' rules give it,
 * that each private value is the one that was hashed and none is kept back, that each request was signed, and that
 * each decision is the one that the rules of its day make.
 *
 * @param lines of the bundle, without their line feeds
 * @throws EvidenceRefused with the place
 */
export async function verifyBundle(
  lines: AsyncIterable<string> | Iterable<string>,
  options: VerifyOptions,
): Promise<Evidence> {
  const ahead = options.inParallel === true ? new SignaturesAhead() : undefined;
  try {
    let verifying: BundleVerifier | undefined;
    const read = readBundle(lines);
    for await (const { kind, line } of ahead?.watch(read) ?? read) {
      if (kind === 'header') verifying = new BundleVerifier(line, options, ahead);
      else await verifying?.block(line, await ahead?.next());
    }
    if (verifying === undefined) throw new EvidenceRefused('format', {}, 'it is empty');
    return verifying.finish();
  } finally {
    await ahead?.close();
  }
}

class BundleVerifier {
  readonly #header: HeaderLine;
  readonly #options: VerifyOptions;
  readonly #replay: Replay;
  readonly #holdings: PrivateHoldings;
  #judge: TransactionJudge | undefined;
  #ordering: OrderingRule = { kind: 'any', roots: [] };
  #previous: BlockHeader | undefined;
  #valid = 0;
  #invalid = 0;

  readonly #ahead: SignaturesAhead | undefined;
  #known: KnownSignatures | undefined;

  constructor(header: HeaderLine, options: VerifyOptions, ahead?: SignaturesAhead) {
    this.#header = header;
    this.#options = options;
    this.#ahead = ahead;
    this.#replay = new Replay({
      chaincode: header.chaincode,
      isSigned: (jws, jwk, digest) => this.#known?.hasRequest(digest, jwk) === true || isSignedBy(jws, jwk),
    });
    this.#holdings = new PrivateHoldings(header.chaincode, header.collections);
    if (header.ledger !== options.ledger) {
      throw new EvidenceRefused(
        'genesis',
        {},
        `it is about ledger ${header.ledger}, not about ${options.ledger}`,
      );
    }
  }

  async block(line: BlockContent, known?: KnownSignatures): Promise<void> {
    const number = line.block;
    this.#known = known;
    const { data: envelopes, codes } = line;
    const header = this.#headerOf(number, envelopes);
    if (codes.length !== envelopes.length) {
      throw new EvidenceRefused(
        'format',
        { block: number },
        'it has not one validation code for each transaction',
      );
    }
    if (number === 0) this.#begin(header, envelopes[0] ?? Buffer.alloc(0));
    else this.#checkOrderers(header, envelopes, line.signatures);
    this.#checkCodes(number, envelopes, codes);
    await this.#checkSecrets(number, envelopes, codes, line);
    // A configuration holds from the block after its own.
    envelopes.forEach((envelope, index) => {
      if (codes[index] === VALID && isConfiguration(envelope)) this.#ordering = orderingRuleOf(envelope);
    });
    this.#previous = header;
    this.#options.onProgress?.(number + 1);
  }

  finish(): Evidence {
    this.#holdings.finish();
    const replay = this.#replay.report();
    return {
      header: this.#header,
      blocks: replay.blocks,
      transactions: { valid: this.#valid, invalid: this.#invalid },
      ordering: this.#ordering.kind === 'quorum' ? 'bft' : 'raft',
      purged: this.#holdings.gone,
      replay,
    };
  }

  #headerOf(number: number, envelopes: readonly Buffer[]): BlockHeader {
    const previousHash = this.#previous === undefined ? Buffer.alloc(0) : headerHash(this.#previous);
    return { number, previousHash, dataHash: dataHash(envelopes) };
  }

  #begin(header: BlockHeader, configuration: Buffer): void {
    const ledger = ledgerIdOf(header);
    if (ledger !== this.#options.ledger) {
      const what = `its genesis block has the fingerprint ${ledger}, not ${this.#options.ledger}`;
      throw new EvidenceRefused('genesis', { block: 0 }, what);
    }
    this.#judge = this.#options.judge(configuration);
  }

  #checkOrderers(header: BlockHeader, envelopes: readonly Buffer[], signatures: Buffer): void {
    const place = { block: header.number };
    const metadata = metadataOf(signatures);
    if (metadata !== undefined && allSignedByOrderers(metadata, headerBytes(header), this.#ordering)) return;
    // What was changed in a transaction breaks its creator's signature too, which tells where.
    const altered = firstUnsigned(envelopes);
    if (altered !== undefined) {
      const what = 'its creator did not sign that transaction';
      throw new EvidenceRefused('creator-signature', { ...place, transaction: altered }, what);
    }
    throw new EvidenceRefused(
      'orderer-signature',
      place,
      'the orderers did not sign that block in that place',
    );
  }

  #isKnown(): Parameters<TransactionJudge['block']>[2] {
    const known = this.#known;
    return known && ((idBytes, message, signature) => known.hasTransaction(idBytes, message, signature));
  }

  #checkCodes(number: number, envelopes: readonly Buffer[], codes: Buffer): void {
    const judged = number === 0 ? [VALID] : (this.#judge?.block(number, envelopes, this.#isKnown()) ?? []);
    judged.forEach((code, index) => {
      if (code === VALID) this.#valid += 1;
      else this.#invalid += 1;
      if (codes[index] === code) return;
      const what = `it has code ${codes[index] ?? 'none'}, and by the rules of the channel code ${code}`;
      throw new EvidenceRefused('validation-code', { block: number, transaction: index }, what);
    });
  }

  async #checkSecrets(
    number: number,
    envelopes: readonly Buffer[],
    codes: Buffer,
    { private: secrets }: BlockContent,
  ): Promise<void> {
    const sets = new Map(secrets.map(({ tx, set }) => [tx, set]));
    if (secrets.some(({ tx }, at) => tx <= (secrets[at - 1]?.tx ?? -1))) {
      throw new EvidenceRefused('format', { block: number }, 'its private sets are not in order');
    }
    const block: DeliveredBlock = {
      number,
      transactions: envelopes.map((envelope, index) => {
        const transaction = readEnvelope(envelope, index, codes[index] ?? 255);
        return this.#holdings.take(number, transaction, sets.get(index));
      }),
    };
    if (secrets.some(({ tx }) => tx >= envelopes.length)) {
      throw new EvidenceRefused(
        'private-value',
        { block: number },
        'there is a private set of no transaction',
      );
    }
    this.#ahead?.learn(block.transactions);
    const fault = (await this.#replayed(block)).find(isFault);
    if (fault === undefined) return;
    const place = { block: fault.block, transaction: fault.index };
    throw new EvidenceRefused('decision', place, `${fault.rule}: ${fault.explanation}`);
  }

  /** The replay compares every value with its hash before it believes it. */
  async #replayed(block: DeliveredBlock): Promise<readonly Finding[]> {
    try {
      return await this.#replay.block(block);
    } catch (error) {
      if (!(error instanceof AlteredValue)) throw error;
      const place = { block: error.block, transaction: error.transaction };
      const what = 'a private value is not the one that was hashed';
      throw new EvidenceRefused('private-value', place, what);
    }
  }
}

/** Undefined where the bytes are not the one encoding of what they say. */
function metadataOf(bytes: Buffer): common.Metadata | undefined {
  try {
    const metadata = common.Metadata.deserializeBinary(bytes);
    return Buffer.from(metadata.serializeBinary()).equals(bytes) ? metadata : undefined;
  } catch {
    return undefined;
  }
}
