export * from './block.js';
export * from './der.js';
export * from './ecdsa.js';
export * from './hash.js';
export * from './proto-reader.js';
export * from './proto-writer.js';
export * from './rwset.js';
export * from './transaction.js';
