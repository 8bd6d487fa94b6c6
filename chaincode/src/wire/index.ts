/**
 * Everything that crosses a boundary: shapes, the bytes that are signed or hashed, keys, names, errors, and
 * who may call what. Chaincode, gateway, auditor and command line read and write with these, so that they
 * cannot differ.
 */
export * from './access.js';
export * from './answer-request.js';
export * from './base64url.js';
export * from './canonical.js';
export * from './checkpoint.js';
export * from './commands/index.js';
export * from './errors.js';
export * from './evidence/index.js';
export * from './fhir-json.js';
export * from './identifying.js';
export * from './instant.js';
export { derSignature } from './der-signature.js';
export { isUsableHybridJwk } from './hybrid-key.js';
export { isSignedBy, isUsableJwk, openCompactJws, type CompactJws } from './jws.js';
export * from './journal.js';
export * from './journal-findings.js';
export * from './key-payload.js';
export * from './keys.js';
export * from './names.js';
export * from './participation.js';
export * as primitives from './primitives.js';
export * from './queries.js';
export * from './receipt.js';
export * from './refusal.js';
export * from './repeated-key.js';
export * from './registered-context.js';
export * from './request-object.js';
export * from './sealed-message.js';
export * from './slip-token.js';
export * from './stop-statement.js';
export * from './study-context.js';
export * from './subject-bases.js';
export * from './values/index.js';
export * from './verify-request.js';

/** The one copy of zod in a process: an ES module that imported it by itself would load it a second time. */
export { z } from 'zod';
