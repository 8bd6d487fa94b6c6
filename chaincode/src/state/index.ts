export * from './custody-state.js';
export * from './private-collection.js';
export * from './public-state.js';
export * from './stored.js';
export * from './study-state.js';
export type * from './stub.js';
