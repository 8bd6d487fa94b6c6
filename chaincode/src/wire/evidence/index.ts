export * from './contents.js';
export * from './cose-key.js';
export * from './passkey-assertion.js';
export * from './person-key.js';
export * from './statement-jws.js';
export * from './statement.js';
export * from './verify-evidence.js';
export * from './verify-proof.js';
