export { deliverService, deliverServiceDefinition } from './deliver/service.js';
export type { PeerView } from './deliver/peer-view.js';
export { createSigner } from './msp/signer.js';
export { openLedger, type LedgerOptions, type OpenLedger } from './open-ledger.js';
export { StoreError, type StoreProblem } from './store/store-error.js';
