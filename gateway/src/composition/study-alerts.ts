import { readFileSync } from 'node:fs';
import { createTokenPusher, EVENT_PREFIX } from '../adapters/couriers/push-token.js';
import { openLedgerQueue } from '../adapters/sqlite/ledger-queue.js';
import { StudyAlerts, type StudyEvent, type WaitingAlert } from '../usecases/study-alerts.js';
import type { TrialView } from '../usecases/trial-view.js';
import type { Closers } from './closers.js';
import type { Foundation } from './foundation.js';

/** A sponsor's systems are told what somebody has to act on, where its configuration says so. */
export function buildStudyAlerts(view: TrialView, foundation: Foundation, closers: Closers): void {
  const { chain, configuration, inData, log, memberKeys, members, now, own, projection, studies, trials } =
    foundation;
  const { studyAlerts } = configuration;
  if (studyAlerts === undefined) return;
  const { webhooks, tlsCa, retryMs, giveUpMs } = studyAlerts;
  const layout = { table: 'alert', key: ['id', 'hook'], beside: ['study', 'alert', 'noticed'] } as const;
  const queue = closers.add(openLedgerQueue<WaitingAlert>(inData('study-alerts.db'), layout));
  const pusher = closers.add(
    createTokenPusher(tlsCa === undefined ? undefined : readFileSync(tlsCa, 'utf8')),
  );
  const push = async (hook: string, id: string, event: StudyEvent): Promise<void> => {
    await pusher.push(hook, await memberKeys.signNotice(claimsOf(own.gateway, hook, id, event, now())));
  };
  const alerts = new StudyAlerts({
    hooks: webhooks,
    members,
    projection,
    studies,
    trials,
    view,
    queue,
    push,
    retryMs,
    giveUpMs,
    now,
    log,
  });
  chain.onFolded(() => {
    alerts.look();
  });
  alerts.start();
  closers.addStop(() => alerts.stop());
}

/**
 * A security event token (RFC 8417). `iat` is when this attempt was signed and `jti` the same for all of them: who refuses what is older than
 * some minutes, and what it has seen, cannot be told anything twice by who listened.
 */
function claimsOf(
  iss: string,
  hook: string,
  jti: string,
  { kind, person, ...event }: StudyEvent,
  now: number,
): object {
  return {
    iss,
    aud: new URL(hook).origin,
    jti,
    iat: Math.floor(now / 1_000),
    sub_id: { format: 'opaque', id: person ?? event.study },
    events: { [`${EVENT_PREFIX}study-${kind}`]: { ...event, ...(person === undefined ? {} : { person }) } },
  };
}
