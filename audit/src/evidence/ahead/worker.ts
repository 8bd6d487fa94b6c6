import { parentPort } from 'node:worker_threads';
import { thumbprintOf, type PublicJwk } from '@consent-ledger/chaincode/wire';
import { findSignatures } from './find-signatures.js';
import type { ToWorker } from './signatures-ahead.js';

/* Verifies signatures beside the thread that verifies everything else. */

const keys = new Map<string, PublicJwk>();

parentPort?.on('message', (message: ToWorker) => {
  if (message.kind === 'keys') for (const jwk of message.keys) keys.set(thumbprintOf(jwk), jwk);
  else parentPort?.postMessage({ id: message.id, found: findSignatures(message.text, keys) });
});
