import type {
  AgreementProposal,
  AgreementVersion,
  Epoch,
  JournalChains,
  JournalCommitment,
  Ledger,
  LegalBasisProposal,
  LegalBasisVersion,
  Member,
  MemberNameHolder,
  SignedCheckpoint,
  Study,
} from '../wire/index.js';
import {
  EPOCH_KEY,
  LEDGER_KEY,
  MEMBER_PREFIX,
  agreementKey,
  agreementProposalKey,
  agreementVersionKey,
  journalChainsKey,
  journalKey,
  legalBasisKey,
  legalBasisProposalKey,
  legalBasisVersionKey,
  memberKey,
  memberNameKey,
  studyKey,
} from '../wire/keys.js';
import { canonicalBytes } from '../wire/canonical.js';
import { checkpointKey, checkpointPrefix } from '../wire/checkpoint.js';
import { StoredValueCache } from './stored.js';
import type { Stub } from './stub.js';

const ledgers = new StoredValueCache<Ledger>(16);
const epochs = new StoredValueCache<Epoch>(16);
const members = new StoredValueCache<Member>(1_024);
const studies = new StoredValueCache<Study>(1_024);
const checkpoints = new StoredValueCache<SignedCheckpoint>(64);
const agreements = new StoredValueCache<AgreementVersion>(1_024);
const agreementProposals = new StoredValueCache<AgreementProposal>(64);
const legalBases = new StoredValueCache<LegalBasisVersion>(1_024);
const legalBasisProposals = new StoredValueCache<LegalBasisProposal>(64);
const commitments = new StoredValueCache<JournalCommitment>(64);
const journalChains = new StoredValueCache<JournalChains>(64);
const holders = new StoredValueCache<MemberNameHolder>(1_024);

const NOTHING = new Uint8Array(0);

/** First key after every `member/...`: `0` follows `/`. */
const AFTER_MEMBERS = MEMBER_PREFIX.slice(0, -1) + '0';

/** What every member reads. Each key is read once in a transaction. */
export class PublicState {
  readonly #reads = new Map<string, Promise<Uint8Array>>();

  constructor(private readonly stub: Stub) {}

  async ledger(): Promise<Ledger | undefined> {
    return ledgers.read(await this.bytes(LEDGER_KEY));
  }

  async epoch(): Promise<Epoch | undefined> {
    return epochs.read(await this.bytes(EPOCH_KEY));
  }

  /**
   * Puts the epoch into the read set, so that the transaction is void once it has moved. The ledger's id comes
   * with it: most commands need it, it never changes, and both are one question to the peer.
   */
  async restOnEpoch(): Promise<void> {
    const keys = [EPOCH_KEY, LEDGER_KEY];
    const values = await this.stub.getStateMultiple(keys);
    keys.forEach((key, index) => this.#reads.set(key, Promise.resolve(values[index] ?? NOTHING)));
  }

  async member(mspId: string): Promise<Member | undefined> {
    return members.read(await this.bytes(memberKey(mspId)));
  }

  async study(id: string): Promise<Study | undefined> {
    return studies.read(await this.bytes(studyKey(id)));
  }

  /** The newest version of what two members have agreed on. */
  async agreement(one: string, other: string): Promise<AgreementVersion | undefined> {
    return agreements.read(await this.bytes(agreementKey(one, other)));
  }

  async agreementProposal(one: string, other: string): Promise<AgreementProposal | undefined> {
    return agreementProposals.read(await this.bytes(agreementProposalKey(one, other)));
  }

  /** The newest version of a legal basis. */
  async legalBasis(basis: string): Promise<LegalBasisVersion | undefined> {
    return legalBases.read(await this.bytes(legalBasisKey(basis)));
  }

  async legalBasisProposal(basis: string): Promise<LegalBasisProposal | undefined> {
    return legalBasisProposals.read(await this.bytes(legalBasisProposalKey(basis)));
  }

  /** What a member has committed to at a place of its emergency journal. */
  async journalCommitment(mspId: string, chain: string, seq: number): Promise<JournalCommitment | undefined> {
    return commitments.read(await this.bytes(journalKey(mspId, chain, seq)));
  }

  /** Which emergency journals a member has begun. */
  async journalChains(mspId: string): Promise<JournalChains | undefined> {
    return journalChains.read(await this.bytes(journalChainsKey(mspId)));
  }

  /** Who has that short name. */
  async nameHolder(name: string): Promise<MemberNameHolder | undefined> {
    return holders.read(await this.bytes(memberNameKey(name)));
  }

  /**
   * All members in the order of their MSP ids. For queries: a range that is read is not guarded by point
   * versions.
   */
  async members(): Promise<Member[]> {
    const found: Member[] = [];
    for await (const { value } of this.stub.getStateByRange(MEMBER_PREFIX, AFTER_MEMBERS)) {
      const member = members.read(value);
      if (member !== undefined) found.push(member);
    }
    return found;
  }

  /** What a member has signed for a block. */
  async checkpoint(block: number, mspId: string): Promise<SignedCheckpoint | undefined> {
    return checkpoints.read(await this.bytes(checkpointKey(block, mspId)));
  }

  /** What all members have signed for a block, in the order of their MSP ids. For queries. */
  async checkpoints(block: number): Promise<SignedCheckpoint[]> {
    const found: SignedCheckpoint[] = [];
    const prefix = checkpointPrefix(block);
    // `0` follows `/`.
    for await (const { value } of this.stub.getStateByRange(prefix, `${prefix.slice(0, -1)}0`)) {
      const signed = checkpoints.read(value);
      if (signed !== undefined) found.push(signed);
    }
    return found;
  }

  /** The bytes as they are; empty where there is nothing. */
  bytes(key: string): Promise<Uint8Array> {
    let read = this.#reads.get(key);
    if (read === undefined) {
      read = this.stub.getState(key);
      this.#reads.set(key, read);
    }
    return read;
  }

  putLedger(value: Ledger): void {
    this.stub.putState(LEDGER_KEY, canonicalBytes(value));
  }

  putEpoch(value: Epoch): void {
    this.stub.putState(EPOCH_KEY, canonicalBytes(value));
  }

  putCheckpoint(block: number, value: SignedCheckpoint): void {
    this.stub.putState(checkpointKey(block, value.mspId), canonicalBytes(value));
  }

  putMember(value: Member): void {
    this.stub.putState(memberKey(value.mspId), canonicalBytes(value));
  }

  putStudy(value: Study): void {
    this.stub.putState(studyKey(value.study), canonicalBytes(value));
  }

  /** As the newest version and, for ever, as this one. Its number follows from the newest, which must have been read. */
  putAgreement(value: AgreementVersion): void {
    const bytes = canonicalBytes(value);
    this.stub.putState(agreementKey(...value.parties), bytes);
    this.stub.putState(agreementVersionKey(...value.parties, value.version), bytes);
  }

  putAgreementProposal(value: AgreementProposal): void {
    this.stub.putState(agreementProposalKey(...value.parties), canonicalBytes(value));
  }

  /** As {@link putAgreement}. */
  putLegalBasis(value: LegalBasisVersion): void {
    const bytes = canonicalBytes(value);
    this.stub.putState(legalBasisKey(value.basis), bytes);
    this.stub.putState(legalBasisVersionKey(value.basis, value.version), bytes);
  }

  putLegalBasisProposal(value: LegalBasisProposal): void {
    this.stub.putState(legalBasisProposalKey(value.basis), canonicalBytes(value));
  }

  putJournalCommitment(value: JournalCommitment): void {
    this.stub.putState(journalKey(value.mspId, value.chain, value.seq), canonicalBytes(value));
  }

  putJournalChains(value: JournalChains): void {
    this.stub.putState(journalChainsKey(value.mspId), canonicalBytes(value));
  }

  putNameHolder(name: string, value: MemberNameHolder): void {
    this.stub.putState(memberNameKey(name), canonicalBytes(value));
  }
}
