import { openExportLog } from '../adapters/sqlite/export-log.js';
import { openLedgerQueue } from '../adapters/sqlite/ledger-queue.js';
import type { Handlers } from '../http/handlers.js';
import { exportHandlers } from '../http/operations/exports.js';
import { siteHandlers, sponsorHandlers, studyHandlers } from '../http/operations/studies.js';
import { Listeners } from '../http/operations/study-events.js';
import { cohortHandlers } from '../http/operations/cohorts.js';
import type { TouchedParticipant } from '../ports/trials.js';
import type { AskOptions } from '../usecases/ask-for-records.js';
import type { CustodyView } from '../usecases/custody-view.js';
import { ParticipationRecording } from '../usecases/participation-recording.js';
import { TrialView } from '../usecases/trial-view.js';
import type { Closers } from './closers.js';
import type { Foundation } from './foundation.js';
import { buildStudyAlerts } from './study-alerts.js';

/** Clinical trials: what every member reads of them, what a sponsor states, and what a site does and passes on. */
export function buildStudies(
  own: CustodyView | undefined,
  ask: AskOptions,
  foundation: Foundation,
  closers: Closers,
): Handlers {
  const { chain, configuration, inData, log, memberKeys, members, now, projection, pseudonymKey } =
    foundation;
  const { studies, transactions, trials } = foundation;
  const ledgerId = configuration.ledger.id;
  const view = new TrialView({ members, studies, trials, projection, now });
  const listeners = new Listeners();
  chain.onFolded(() => {
    listeners.tell();
  });
  const exports = closers.add(openExportLog(inData('exports.db')));
  const options = { members, studies, transactions, view, listeners, exports, pseudonymKey, now };
  const handlers: Handlers = { ...studyHandlers(options), ...exportHandlers(exports) };
  if (own !== undefined) {
    const layout = { table: 'waiting', key: ['study', 'subject'] } as const;
    const path = inData('participation-queue.db');
    const queue = closers.add(openLedgerQueue<TouchedParticipant>(path, layout));
    const recording = new ParticipationRecording({
      custody: own,
      projection,
      trials,
      studies,
      queue,
      transactions,
      now,
      log,
    });
    chain.onFolded(() => {
      recording.look();
    });
    recording.start();
    closers.addStop(() => recording.stop());
    const site = { custody: own, studies, transactions, ledgerId, pseudonymKey, members };
    return { ...handlers, ...siteHandlers(site) };
  }
  if (members.own.kind !== 'sponsor') return handlers;
  buildStudyAlerts(view, foundation, closers);
  const sponsor = members.own.mspId;
  const acknowledging = { sponsor, ledgerId, studies, keys: memberKeys, transactions, now };
  return {
    ...handlers,
    ...sponsorHandlers({ ...options, acknowledging }),
    ...cohortHandlers({ ...ask, members, studies, trials }),
  };
}
