export * from './topology/index.js';
export * from './identities/index.js';
export * from './channel/index.js';
export * from './fabric/index.js';
export * from './operations/index.js';
