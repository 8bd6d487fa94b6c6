import type { NamespaceRwset } from '../../wire-format/index.js';
import type { LiveChannel } from '../config/live-channel.js';
import type { KnownSignature, MspIdentity } from '../msp/identity.js';
import type { SignedData } from '../ports.js';
import type { StateReader } from '../state/entries.js';
import { RecordedPrevious, type PreviousEntry } from '../state/previous-state.js';
import { UpdateBatch } from '../state/update-batch.js';
import { applyWrites } from './apply-writes.js';
import { InvalidTransaction, ValidationCode } from './codes.js';
import { readEndorsedAction } from './endorsed-action.js';
import { ChangedPolicies, EndorsementCheck } from './endorsement-check.js';
import type { GovernanceSource } from './governance.js';
import { checkReads } from './mvcc.js';
import { checkSyntax, claimedTransactionId, type EndorserTransaction } from './syntax.js';

/** A transaction of a block with the peer's verdict. */
export interface JudgedTransaction {
  readonly index: number;
  /** As claimed in the header; empty when unreadable. */
  readonly txId: string;
  /** protos.TxValidationCode */
  readonly code: number;
  /** Reads and writes, as soon as they could be read; also of invalid transactions. */
  readonly namespaces: readonly NamespaceRwset[];
  /** Serialised common.ConfigEnvelope of a valid configuration transaction. */
  readonly configEnvelope?: Buffer;
}

export interface JudgedBlock {
  readonly transactions: readonly JudgedTransaction[];
  readonly updates: UpdateBatch;
  /** Entries from before the block of which something was kept: without them its updates cannot be worked out again. */
  readonly kept: readonly PreviousEntry[];
}

interface Verdict {
  code: number;
  namespaces: readonly NamespaceRwset[];
  configEnvelope?: Buffer;
}

/** The committing peer's judgement of a block, transaction by transaction in Fabric's order. */
export class Validator {
  readonly #channel: LiveChannel;
  readonly #state: StateReader;
  readonly #isKnown: (txId: string) => boolean;
  readonly #endorsements: EndorsementCheck;

  /** @param isKnown Whether a transaction id stands in an earlier block, with whatever code. */
  constructor(
    channel: LiveChannel,
    state: StateReader,
    governance: GovernanceSource,
    isKnown: (txId: string) => boolean,
  ) {
    this.#channel = channel;
    this.#state = state;
    this.#isKnown = isKnown;
    this.#endorsements = new EndorsementCheck(channel, governance, state);
  }

  judge(blockNumber: number, transactions: readonly Buffer[], isKnown?: KnownSignature): JudgedBlock {
    const changed = new ChangedPolicies();
    const txIds = transactions.map(claimedTransactionId);
    const verdicts = transactions.map((bytes) => this.#judgeAlone(bytes, changed, isKnown));
    markDuplicates(txIds, verdicts);
    const updates = new UpdateBatch();
    const previous = new RecordedPrevious(this.#state);
    for (const [index, verdict] of verdicts.entries()) {
      if (verdict.code !== ValidationCode.VALID) continue;
      verdict.code = checkReads(verdict.namespaces, this.#state, updates);
      if (verdict.code === ValidationCode.VALID) {
        applyWrites(verdict.namespaces, { block: blockNumber, tx: index }, previous, updates);
      }
    }
    return {
      updates,
      kept: previous.entries,
      transactions: verdicts.map((verdict, index) => ({ index, txId: txIds[index] ?? '', ...verdict })),
    };
  }

  /** Everything that does not depend on the reads of the block's other transactions. */
  #judgeAlone(bytes: Buffer, changed: ChangedPolicies, isKnown: KnownSignature | undefined): Verdict {
    const verdict: Verdict = { code: ValidationCode.VALID, namespaces: [] };
    try {
      const deserialize = (serialized: Uint8Array): MspIdentity =>
        this.#channel.deserializeIdentity(serialized);
      const transaction = checkSyntax(bytes, this.#channel.channelId, deserialize, isKnown);
      if (transaction.kind === 'config') verdict.configEnvelope = transaction.configEnvelope;
      else this.#judgeEndorsed(transaction, changed, verdict, isKnown);
    } catch (error) {
      if (!(error instanceof InvalidTransaction)) throw error;
      verdict.code = error.code;
    }
    return verdict;
  }

  #judgeEndorsed(
    transaction: EndorserTransaction,
    changed: ChangedPolicies,
    verdict: Verdict,
    isKnown: KnownSignature | undefined,
  ): void {
    if (this.#isKnown(transaction.header.txId)) {
      throw new InvalidTransaction(
        ValidationCode.DUPLICATE_TXID,
        `duplicate transaction ${transaction.header.txId}`,
      );
    }
    const action = readEndorsedAction(transaction);
    verdict.namespaces = action.namespaces;
    const endorsers = this.#channel.validIdentities(endorsementsAsSignedData(transaction), isKnown);
    for (const namespace of action.governed) {
      const rwset = action.namespaces.find((candidate) => candidate.namespace === namespace);
      this.#endorsements.check(namespace, rwset, endorsers, changed);
      if (rwset !== undefined) changed.add(rwset);
    }
  }
}

/** An endorser signs the response payload followed by its own identity. */
function endorsementsAsSignedData({
  proposalResponsePayload,
  endorsements,
}: EndorserTransaction): SignedData[] {
  return endorsements.map(({ endorser, signature }) => ({
    data: Buffer.concat([proposalResponsePayload, endorser]),
    identity: endorser,
    signature,
  }));
}

/** A transaction id that an earlier transaction of the block has already taken, if that one was right so far. */
function markDuplicates(txIds: readonly string[], verdicts: readonly Verdict[]): void {
  const taken = new Set<string>();
  for (const [index, verdict] of verdicts.entries()) {
    const txId = txIds[index] ?? '';
    if (verdict.code !== ValidationCode.VALID || verdict.configEnvelope !== undefined || txId === '')
      continue;
    if (taken.has(txId)) verdict.code = ValidationCode.DUPLICATE_TXID;
    else taken.add(txId);
  }
}
