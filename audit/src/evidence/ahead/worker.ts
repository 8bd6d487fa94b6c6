import { createPublicKey, type KeyObject } from 'node:crypto';
import { parentPort } from 'node:worker_threads';
import { isUsableJwk, thumbprintOf, type PublicJwk } from '@consent-ledger/chaincode/wire';
import { findSignatures } from './find-signatures.js';
import type { ToWorker } from './signatures-ahead.js';

/* Verifies signatures beside the thread that verifies everything else. */

const keys = new Map<string, KeyObject>();

function learn(jwk: PublicJwk): void {
  if (isUsableJwk(jwk)) keys.set(thumbprintOf(jwk), createPublicKey({ key: { ...jwk }, format: 'jwk' }));
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'keys') message.keys.forEach(learn);
  else parentPort?.postMessage({ id: message.id, found: findSignatures(message, keys) });
});
