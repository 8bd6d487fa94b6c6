import { userInfo } from 'node:os';
import path from 'node:path';
import { QuestionLog } from '@consent-ledger/audit';
import type { OwnPeer } from './own-peer.js';

/** Logs that somebody takes a file out of what the member reads, before it is written: `consent-ledger audit log` has it. */
export function logExport(
  { dataDirectory }: Pick<OwnPeer, 'dataDirectory'>,
  what: string,
  about: Readonly<Record<string, string | undefined>>,
): void {
  const parameters = Object.fromEntries(
    Object.entries(about).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
  const log = new QuestionLog(path.join(dataDirectory, 'audit', 'questions.db'));
  try {
    log.append({ who: userInfo().username, via: 'command', question: what, parameters });
  } finally {
    log.close();
  }
}
