import { randomUUID } from 'node:crypto';
import type { ContactsInput, NotificationList } from '@consent-ledger/chaincode/wire/http';
import type { Channel, Courier } from '../ports/courier.js';
import type { Notices } from '../ports/notices.js';
import type { NotificationStore } from '../ports/notification-store.js';
import type { SubjectSeal } from '../ports/subject-seal.js';
import type { CustodyView } from './custody-view.js';
import { unknownSubject } from './erased.js';
import { Refusal } from './refusal.js';

export interface ContactsOptions {
  readonly custody: CustodyView;
  readonly notices: Notices;
  readonly store: NotificationStore;
  readonly seal: SubjectSeal;
  readonly couriers: ReadonlyMap<Channel, Courier>;
  readonly now: () => number;
}

/** What a sealed address is, which is authenticated with it. */
export function contactPurpose(subject: string, channel: Channel): string {
  return `contact by ${channel} of ${subject}`;
}

/**
 * Replaces where a subject is told; the old places are told that they were replaced, so that nobody can turn a subject's messages
 * away from them unseen. Throws a Refusal: `subject-unknown`, `subject-erased`, `contact-channel-unavailable`.
 */
export async function replaceContacts(
  subject: string,
  contacts: ContactsInput,
  { custody, store, seal, couriers, now }: ContactsOptions,
): Promise<readonly Channel[]> {
  requireSubject(subject, custody);
  const sealed = new Map<Channel, Uint8Array>();
  for (const channel of ['mail', 'webhook'] as const) {
    const address = contacts[channel];
    if (address === undefined) continue;
    if (couriers.get(channel)?.accepts(address) !== true) {
      const errors = [{ path: `$.${channel}`, message: 'cannot be reached from this gateway' }];
      throw new Refusal('contact-channel-unavailable', { errors });
    }
    sealed.set(
      channel,
      await seal.sealFor(subject, Buffer.from(address, 'utf8'), contactPurpose(subject, channel)),
    );
  }
  const at = now();
  const told = {
    id: `contacts.${randomUUID()}`,
    subject,
    kind: 'contacts-changed',
    at: new Date(at).toISOString(),
  } as const;
  store.replace(subject, sealed, told, at);
  return store.channels(subject);
}

/** A subject's outbox, newest first. Throws a Refusal `subject-unknown`. */
export function listNotifications(
  subject: string,
  { custody, notices, store }: ContactsOptions,
): NotificationList {
  if (custody.get('subject', subject) === undefined) throw new Refusal('subject-unknown');
  const deliveries = store.deliveries(subject);
  const deliveriesOf = (id: string): NotificationList['notifications'][number]['deliveries'] =>
    deliveries
      .filter(({ notice }) => notice === id)
      .map(({ channel, status, attempts, at }) => ({
        channel,
        status,
        attempts,
        ...(at === undefined ? {} : { at }),
      }));
  const onLedger = notices
    .about(custody.custodian, subject)
    .map(({ id, kind, about, at, transaction, block }) => ({ id, kind, about, at, transaction, block }));
  const others = store.told(subject).map(({ id, kind, at }) => ({ id, kind, at }));
  const all = [...onLedger, ...others].map((notice) => ({ ...notice, deliveries: deliveriesOf(notice.id) }));
  return {
    subject,
    channels: [...store.channels(subject)],
    notifications: all.sort((one, other) => (one.at < other.at ? 1 : one.at > other.at ? -1 : 0)),
  };
}

function requireSubject(subject: string, custody: CustodyView): void {
  if (custody.get('subject', subject) === undefined) throw unknownSubject(subject, custody);
}
