export { dataHash, headerBytes, headerHash, ledgerIdOf, type BlockHeader } from './block-hash.js';
export { CommitHashChain } from './commit-hash.js';
export { ChainError, verifyChain, type ChainRule, type VerifiedChain } from './verify-chain.js';
export { writesOf, type KeyWrite, type MetadataWrite, type TransactionWrites } from './write-sets.js';
