export { dataHash, headerBytes, headerHash, ledgerIdOf, type BlockHeader } from './block-hash.js';
export { CommitHashChain } from './commit-hash.js';
export { ChainError, verifyChain, type ChainRule, type VerifiedChain } from './verify-chain.js';
export { writesOf, type KeyWrite, type MetadataWrite, type TransactionWrites } from './write-sets.js';
export { AlteredValue } from './history/believe.js';
export { readDelivered, type DeliveredBlock, type DeliveredTransaction } from './history/delivered-block.js';
export { isFault, type Finding, type FindingRule } from './replay/finding.js';
export { Replay, type ReplayOptions, type ReplayReport, type ReplayedEvent } from './replay/replay.js';
export { registeredAsOf, type RegisteredAsOf } from './history/registered-as-of.js';
export { custodiesAsOf, type ConsentOnFile, type CustodyAsOf } from './history/as-of.js';
export { withConsent, type ChangedAccess } from './replay/what-if.js';
export { aboutSchema, type About } from './evidence/format.js';
export { linesOf } from './evidence/lines-of.js';
export { EvidenceRefused, type EvidenceRule } from './evidence/refusal.js';
export { verifyBundle, type Evidence, type TransactionJudge } from './evidence/verify-bundle.js';
export { writeBundle } from './evidence/write-bundle.js';
export { missingCosigners, type ConfigurationJudge } from './checkpoints/cosigners.js';
export {
  checkpointAt,
  HistoryFollower,
  type HistoryPosition,
  type PlacedLeaf,
} from './checkpoints/history-follower.js';
export { HistoryTree } from './checkpoints/history-tree.js';
export { leafHash, nodeHash, provesConsistency, provesInclusion } from './checkpoints/merkle-proofs.js';
export { GrowingRoot, MerkleTree } from './checkpoints/merkle-tree.js';
export type { CompactAbout } from './compact/format.js';
export { verifyCompact, type CompactEvidence } from './compact/verify-compact.js';
export { compactBundle, CompactImpossible, type CompactBundle } from './compact/write-compact.js';
export { Changes } from './projection/changes.js';
export { blockOf, positionOf as positionAt } from './projection/position.js';
export type { BlockSource, FollowOptions, Progress } from './projection/follow-options.js';
export { follow } from './projection/follower.js';
export { openProjection } from './projection/open-projection.js';
export { ProjectionStopped, type StopReason } from './projection/stopped.js';
export { ProjectionMoved, ProjectionUnavailable, type ProjectionStore } from './projection/store.js';
export { TABLE_NAMES, type TableName } from './projection/tables.js';
export { QUESTIONS, questionNamed } from './questions/catalogue.js';
export {
  everyPage,
  type AnswerRow,
  type Asking,
  type Cell,
  type Page,
  type Question,
} from './questions/question.js';
export { BadCursor } from './questions/parameters.js';
export { projectionState, type ProjectionState } from './questions/state.js';
export { QuestionLog, QuestionLogBroken, type Asked, type LoggedQuestion } from './questions/question-log.js';
export { cellText, csvOf, jsonLinesOf } from './exports/csv.js';
export { bundleOf } from './exports/fhir-bundle.js';
export { disclosureReport, ReportTooLong } from './exports/disclosure-report.js';
export type { AccessFilter } from './questions/access-rows.js';
export { yearsBefore } from './questions/disclosures.js';
export { UnusualAnalyses, type UnusualOptions } from './unusual/unusual-analyses.js';
export { checkFamilies, FamiliesMalformed } from './unusual/families.js';
export {
  FINDING_ENTRY,
  FINDINGS,
  findingsIn,
  positionOfEvent,
  type AccessFinding,
  type FindingWord,
} from './unusual/findings.js';
