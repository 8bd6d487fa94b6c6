import path from 'node:path';
import { dataLayout } from '@consent-ledger/network';

/** Whose supervisor runs: held for as long as it does. */
export function lockFile(dataDir: string): string {
  return path.join(dataLayout(dataDir).run, 'supervisor.lock');
}

/** Which processes run. */
export function stateFile(dataDir: string): string {
  return path.join(dataLayout(dataDir).run, 'state.json');
}

/** What a detached supervisor says. */
export function supervisorLog(dataDir: string): string {
  return path.join(dataLayout(dataDir).logs, 'supervisor.log');
}

/** What the embedded ledger is started with. */
export function ledgerConfigFile(dataDir: string): string {
  return path.join(dataLayout(dataDir).services, 'ledger.json');
}

/** Processes that are not to run for the moment, because an operation needs them stopped. */
export function heldFile(dataDir: string): string {
  return path.join(dataLayout(dataDir).run, 'held.json');
}

/** Whose operation is under way: held for as long as it is. */
export function operationLock(dataDir: string): string {
  return path.join(dataLayout(dataDir).run, 'operation.lock');
}
