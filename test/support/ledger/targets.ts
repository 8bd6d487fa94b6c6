import { embeddedTarget } from './embedded-target.js';
import { fabricTarget } from './fabric-target.js';
import type { LedgerTarget } from './target.js';

/** All the ledgers that there are here: Fabric where FABRIC_HOME names a release, and it alone in `npm run test:fabric`. */
export const TARGETS: readonly LedgerTarget[] = [
  ...(process.env['CONSENT_LEDGER_TEST_LEDGER'] === 'fabric' ? [] : [embeddedTarget]),
  ...(process.env['FABRIC_HOME'] === undefined ? [] : [fabricTarget('raft'), fabricTarget('bft')]),
];
