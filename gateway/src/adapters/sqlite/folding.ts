import type { DatabaseSync } from 'node:sqlite';
import {
  accessEvent,
  delivery,
  details,
  type AccessEvent,
  type EventDetail,
} from '@consent-ledger/chaincode/wire';
import { AmendmentFolder } from './amendment-folding.js';
import { ConsentFolder } from './consent-folding.js';
import { ErasureFolder } from './erasure-folding.js';
import { FollowUpFolder } from './follow-up-folding.js';
import { JournalFolder } from './journal-folding.js';
import { NoticeFolder } from './notice-folding.js';
import { RecordFolder } from './record-folding.js';
import { SlipFolder } from './slip-folding.js';
import { StudyFolder } from './study-folding.js';
import type { HashedWrite, LedgerBlock, LedgerTransaction, PrivateWrite } from '../../ports/ledger.js';
import { hexSha256 } from '../../usecases/hex-hash.js';

/** The own peer's data do not fit together; nothing can be built on them. */
export class ProjectionError extends Error {
  override readonly name = 'ProjectionError';
}

/** Position of an event: sorts as a text like block, transaction and place in it sort as numbers. */
function positionOf(block: number, index: number, place: number): string {
  const padded = (value: number, width: number): string => value.toString().padStart(width, '0');
  return `${padded(block, 12)}.${padded(index, 5)}.${padded(place, 3)}`;
}

/** Puts the private writes of one transaction into the tables. */
export class PrivateFolder {
  readonly #collections: ReadonlySet<string>;
  readonly #amendments: AmendmentFolder;
  readonly #consents: ConsentFolder;
  readonly #followUps: FollowUpFolder;
  readonly #journals: JournalFolder;
  readonly #notices: NoticeFolder;
  readonly #slips: SlipFolder;
  readonly #erasures: ErasureFolder;
  readonly #records: RecordFolder;
  readonly #studies: StudyFolder;
  readonly #statements: ReturnType<typeof statementsOf>;

  /** @param collections those whose values this member must hold */
  constructor(database: DatabaseSync, collections: readonly string[]) {
    this.#collections = new Set(collections);
    this.#amendments = new AmendmentFolder(database);
    this.#consents = new ConsentFolder(database);
    this.#followUps = new FollowUpFolder(database);
    this.#journals = new JournalFolder(database);
    this.#notices = new NoticeFolder(database);
    this.#slips = new SlipFolder(database);
    this.#erasures = new ErasureFolder(database);
    this.#records = new RecordFolder(database);
    this.#studies = new StudyFolder(database);
    this.#statements = statementsOf(database);
  }

  /**
   * Folds what the peer has of a valid transaction. Values that it lacks become pending; called again for the same
   * transaction, it adds only what was pending. Throws a ProjectionError for a value that is not what was hashed.
   */
  fold(block: LedgerBlock, transaction: LedgerTransaction, again: boolean): void {
    const values = new Map(
      transaction.private.map((write) => [`${write.collection}\0${hexSha256(write.key)}`, write] as const),
    );
    const arrived: PrivateWrite[] = [];
    for (const hashed of transaction.hashed) {
      if (!this.#collections.has(hashed.collection)) continue;
      const write = values.get(`${hashed.collection}\0${hashed.keyHash}`);
      if (again && !this.#wasPending(hashed, block.number, transaction.index)) continue;
      if (hashed.valueHash === undefined) this.#remove(hashed);
      else if (write === undefined)
        this.#statements.addPending.run(hashed.collection, hashed.keyHash, block.number, transaction.index);
      else {
        if (hexSha256(write.value) !== hashed.valueHash) {
          throw new ProjectionError(
            `block ${block.number}: a private value of ${transaction.id} is not what was hashed`,
          );
        }
        arrived.push(write);
        this.#keep(write, hashed, block.number, transaction);
      }
    }
    this.#foldEvents(block.number, transaction, arrived);
  }

  #wasPending({ collection, keyHash }: HashedWrite, block: number, place: number): boolean {
    return this.#statements.removePending.run(collection, keyHash, block, place).changes > 0;
  }

  /** Deleted or purged: it is gone, and what was missing of it will never come. */
  #remove({ collection, keyHash }: HashedWrite): void {
    this.#statements.removeValue.run(collection, keyHash);
    this.#statements.removeAllPending.run(collection, keyHash);
    this.#amendments.remove(collection, keyHash);
    this.#consents.remove(collection, keyHash);
    this.#notices.remove(collection, keyHash);
    this.#slips.remove(collection, keyHash);
    this.#erasures.remove(collection, keyHash);
    this.#records.remove(collection, keyHash);
  }

  #keep(write: PrivateWrite, { keyHash }: HashedWrite, block: number, transaction: LedgerTransaction): void {
    if (isKeptAsEvent(write.key)) return;
    this.#amendments.fold(write, keyHash, block, transaction.index);
    this.#consents.fold(write, keyHash);
    this.#notices.fold(write, keyHash, block, transaction);
    this.#slips.fold(write, keyHash, block);
    this.#erasures.fold(write, keyHash, block);
    this.#records.fold(write, keyHash, block, transaction.index);
    this.#studies.fold(write, keyHash, block, transaction);
    this.#statements.putValue.run(
      write.collection,
      keyHash,
      write.value,
      transaction.id,
      block,
      transaction.index,
    );
  }

  #foldEvents(block: number, transaction: LedgerTransaction, writes: readonly PrivateWrite[]): void {
    const detailOf = new Map<string, EventDetail>();
    for (const write of writes) {
      if (!write.key.startsWith('details/')) continue;
      for (const detail of details.parse(JSON.parse(write.value.toString('utf8'))).details)
        detailOf.set(detail.event, detail);
    }
    let place = 0;
    for (const write of writes) {
      if (write.key.startsWith('event/')) {
        const detail = detailOf.get(write.key);
        if (detail === undefined)
          throw new ProjectionError(`block ${block}: an event of ${transaction.id} has no detail`);
        this.#addEvent(positionOf(block, transaction.index, place), write, detail, block, transaction);
        place += 1;
      } else if (write.key.startsWith('delivery/')) this.#addDelivery(write);
      else if (write.key.startsWith('review/')) this.#followUps.addReview(write, block, transaction.id);
    }
  }

  #addEvent(
    position: string,
    write: PrivateWrite,
    detail: EventDetail,
    block: number,
    transaction: LedgerTransaction,
  ): void {
    const event: AccessEvent = accessEvent.parse(JSON.parse(write.value.toString('utf8')));
    const { addEvent, addRecord, addSubject } = this.#statements;
    const { lastInsertRowid: id } = addEvent.run(
      position,
      write.collection,
      write.key,
      transaction.id,
      block,
      event.requester,
      write.value,
      JSON.stringify(detail),
    );
    for (const { record, outcome } of event.records) addRecord.run(id, record, outcome);
    for (const subject of new Set(detail.records.flatMap((record) => record.subjects)))
      addSubject.run(subject, id);
    this.#followUps.addEvent(write, id, event, detail.request);
    this.#journals.addEvent(write, event, detail);
    this.#notices.foldEvent(write, event, detail, block, transaction);
  }

  #addDelivery(write: PrivateWrite): void {
    const { event, record, complete } = delivery.parse(JSON.parse(write.value.toString('utf8')));
    this.#statements.addDelivery.run(write.collection, event, record, complete ? 1 : 0);
    this.#followUps.settle(write.collection, event, record);
  }
}

/** Events, their details, deliveries and reviews are many, are never changed, and are read from tables of their own. */
function isKeptAsEvent(key: string): boolean {
  return ['event/', 'details/', 'delivery/', 'review/'].some((kind) => key.startsWith(kind));
}

function statementsOf(database: DatabaseSync) {
  return {
    // A value that comes late must not take the place of a newer one.
    putValue: database.prepare(`
      INSERT INTO private_value (collection, key_hash, value, transaction_id, block, place) VALUES (?, ?, ?, ?, ?, ?)
      ON CONFLICT (collection, key_hash) DO UPDATE
      SET value = excluded.value, transaction_id = excluded.transaction_id, block = excluded.block, place = excluded.place
      WHERE (excluded.block, excluded.place) > (block, place)`),
    removeValue: database.prepare('DELETE FROM private_value WHERE collection = ? AND key_hash = ?'),
    addPending: database.prepare(
      'INSERT INTO pending_value (collection, key_hash, block, place) VALUES (?, ?, ?, ?)',
    ),
    removePending: database.prepare(
      'DELETE FROM pending_value WHERE collection = ? AND key_hash = ? AND block = ? AND place = ?',
    ),
    removeAllPending: database.prepare('DELETE FROM pending_value WHERE collection = ? AND key_hash = ?'),
    addEvent: database.prepare(`
      INSERT INTO event (position, collection, key, transaction_id, block, requester, value, detail)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
    addRecord: database.prepare('INSERT INTO event_record (event, record, outcome) VALUES (?, ?, ?)'),
    addSubject: database.prepare('INSERT INTO event_subject (subject, event) VALUES (?, ?)'),
    addDelivery: database.prepare(`
      INSERT INTO delivery (collection, event, record, complete) VALUES (?, ?, ?, ?)
      ON CONFLICT (collection, event, record) DO UPDATE SET complete = max(complete, excluded.complete)`),
  };
}
