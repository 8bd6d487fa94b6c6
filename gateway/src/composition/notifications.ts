import { readFileSync } from 'node:fs';
import { createSmtpCourier } from '../adapters/couriers/smtp-courier.js';
import { createWebhookCourier } from '../adapters/couriers/webhook-courier.js';
import { privateText } from '../adapters/keys/secret-file.js';
import { openNotificationStore } from '../adapters/sqlite/notification-store.js';
import type { Handlers } from '../http/handlers.js';
import { notificationHandlers } from '../http/operations/notifications.js';
import type { Channel, Courier } from '../ports/courier.js';
import type { NotificationStore } from '../ports/notification-store.js';
import type { SubjectSeal } from '../ports/subject-seal.js';
import type { CustodyView } from '../usecases/custody-view.js';
import { Notifier } from '../usecases/notifier.js';
import type { Closers } from './closers.js';
import type { Foundation } from './foundation.js';

/** How subjects are told what is done in their name; without configuration they can look, and nobody is written to. */
export function buildNotifications(
  custody: CustodyView,
  seal: SubjectSeal,
  foundation: Foundation,
  closers: Closers,
): { readonly handlers: Handlers; readonly store: NotificationStore; readonly waiting: () => number } {
  const { chain, configuration, inData, log, notices, now, projection } = foundation;
  const { retryMs = 5_000, giveUpMs = 0 } = configuration.notifications ?? {};
  const store = closers.add(openNotificationStore(inData('notifications.db')));
  const couriers = couriersOf(foundation, closers);
  const shared = { notices, store, seal, couriers, now };
  const notifier = new Notifier({
    ...shared,
    custodian: custody.custodian,
    projection,
    log,
    retryMs,
    giveUpMs,
  });
  const look = (): void => {
    notifier.look();
  };
  chain.onFolded(look);
  notifier.start();
  closers.addStop(() => notifier.stop());
  return {
    handlers: notificationHandlers({ ...shared, custody }, look),
    store,
    waiting: () => store.waiting,
  };
}

function couriersOf(
  { configuration, memberKeys, members, now, own }: Foundation,
  closers: Closers,
): ReadonlyMap<Channel, Courier> {
  const couriers = new Map<Channel, Courier>();
  const { notifications } = configuration;
  if (notifications?.smtp !== undefined) {
    const { smtp, portal } = notifications;
    const oversight = members.oversight.map(({ displayName }) => displayName);
    const letterhead = { portal, custodian: own.displayName, oversight };
    const password = smtp.passwordFile === undefined ? undefined : privateText(smtp.passwordFile);
    const courier = createSmtpCourier({ ...smtp, password, ca: textOf(smtp.tlsCa), letterhead });
    couriers.set('mail', closers.add(courier));
  }
  if (notifications?.webhooks !== undefined) {
    const { hosts, tlsCa } = notifications.webhooks;
    const sign = (claims: object): Promise<string> => memberKeys.signNotice(claims);
    const courier = createWebhookCourier({ hosts, ca: textOf(tlsCa), issuer: own.gateway, sign, now });
    couriers.set('webhook', closers.add(courier));
  }
  return couriers;
}

function textOf(file: string | undefined): string | undefined {
  return file === undefined ? undefined : readFileSync(file, 'utf8');
}
