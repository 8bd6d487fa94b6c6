/* For the tests: everything else uses the command line. */
export { issuerConfigFile, setUpIssuer } from './consortium/issuer-setup.js';
export { readIssuerConfig, type IssuerConfig, type IssuerMember } from './issuer/config.js';
export { changesOf } from './explain/changes.js';
export { findChanges } from './explain/search.js';
export { MadeChain, transactionId, type MadeTransaction, type MadeWrite } from './bench/audit/made-chain.js';
export {
  CUSTODIAN,
  MADE_COLLECTIONS,
  MadeHistory,
  REQUESTER,
  type MadeRequest,
} from './bench/audit/made-history.js';
export { fillYear, writeDay, type MadeYear } from './bench/audit/made-year.js';
export type { Look } from './bench/audit/made-days.js';
export { issuerServer } from './issuer/server.js';
export { fetchToken } from './issuer/token.js';
export { send } from './https.js';
export { openLogFile } from './supervisor/log-file.js';
export { identify, isRunning, memoryOf, signal } from './supervisor/process-identity.js';
export { takeLock } from './supervisor/lock.js';
export { endAll, leftovers } from './supervisor/leftovers.js';
export { supervise, type Supervisor } from './supervisor/supervisor.js';
export type { ProcessSpec } from './supervisor/managed-process.js';
export { readState, writeState, type SupervisorState } from './supervisor/state-file.js';
export { EXIT, UserError } from './user-error.js';
export { claimFolder, readRecord, type ConsortiumRecord } from './consortium/record.js';
export { openOwnPeer, type OwnPeer } from './audit/own-peer.js';
export { historyUpTo } from './checkpoints/at-block.js';
export { lineOfText, textOfLine } from './checkpoints/one-line.js';
export { compared, signDue, signOne } from './checkpoints/signing.js';
