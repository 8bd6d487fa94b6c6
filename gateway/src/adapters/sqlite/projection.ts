import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import { rmSync } from 'node:fs';
import { peer } from '@hyperledger/fabric-protos';
import type { Json } from '@consent-ledger/chaincode/wire';
import type { LedgerBlock, LedgerTransaction, PublicWrite } from '../../ports/ledger.js';
import type { Amendments } from '../../ports/amendments.js';
import type { ConsentIndex } from '../../ports/consent-index.js';
import type { Erasures } from '../../ports/erasures.js';
import type { FollowUps } from '../../ports/follow-ups.js';
import type { Notices } from '../../ports/notices.js';
import type { RecordIndex } from '../../ports/record-index.js';
import type { Slips } from '../../ports/slips.js';
import type { Trials } from '../../ports/trials.js';
import type { EventEntry, EventFilter, Projection } from '../../ports/projection.js';
import { hexSha256 } from '../../usecases/hex-hash.js';
import { Refusal } from '../../usecases/refusal.js';
import { openAmendments } from './amendment-folding.js';
import { openConsentIndex } from './consent-index.js';
import { inTransaction, openDatabase } from './database.js';
import { openErasures } from './erasure-folding.js';
import { openJournalIndex } from './journal-folding.js';
import type { JournalIndex } from '../../ports/journal-index.js';
import { openFollowUps } from './follow-up-index.js';
import { PrivateFolder, ProjectionError } from './folding.js';
import { openNotices } from './notice-index.js';
import { openRecordIndex } from './record-folding.js';
import { openSlips } from './slip-folding.js';
import { openTrials } from './study-index.js';
import { PROJECTION_SCHEMA, PROJECTION_VERSION } from './projection-schema.js';

export interface ProjectionOptions {
  readonly path: string;
  readonly chaincode: string;
  /** Collections whose values this member must hold. */
  readonly collections: readonly string[];
}

/** The projection in one SQLite file; the checkpoint is part of the transaction that folds a block. */
export function openProjection(options: ProjectionOptions): Projection & {
  readonly amendments: Amendments;
  readonly consents: ConsentIndex;
  readonly notices: Notices;
  readonly slips: Slips;
  readonly erasures: Erasures;
  readonly followUps: FollowUps;
  readonly journalIndex: JournalIndex;
  readonly records: RecordIndex;
  readonly trials: Trials;
  close(): void;
} {
  const database = open(options.path);
  if (!hasPassedOver(database, options.collections)) return new SqliteProjection(database, options);
  database.close();
  return new SqliteProjection(openAfresh(options.path), options);
}

function open(path: string): DatabaseSync {
  try {
    return openDatabase(path, PROJECTION_SCHEMA, PROJECTION_VERSION, 'rebuildable');
  } catch {
    return openAfresh(path); // of another version, or damaged
  }
}

/** It holds nothing that the ledger does not. */
function openAfresh(path: string): DatabaseSync {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  return openDatabase(path, PROJECTION_SCHEMA, PROJECTION_VERSION, 'rebuildable');
}

/** Whether there were values of these collections in blocks that were folded when nobody asked for them. */
function hasPassedOver(database: DatabaseSync, collections: readonly string[]): boolean {
  const passed = database.prepare('SELECT value FROM fact WHERE name = ?').get('passed-over') as
    { value: string } | undefined;
  return listOf(passed?.value).some((collection) => collections.includes(collection));
}

function listOf(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(' ');
}

class SqliteProjection implements Projection {
  readonly amendments: Amendments;
  readonly consents: ConsentIndex;
  readonly notices: Notices;
  readonly slips: Slips;
  readonly erasures: Erasures;
  readonly journalIndex: JournalIndex;
  readonly followUps: FollowUps;
  readonly records: RecordIndex;
  readonly trials: Trials;
  readonly #database: DatabaseSync;
  readonly #options: ProjectionOptions;
  readonly #private: PrivateFolder;
  readonly #facts: Map<string, string>;
  readonly #statements: ReturnType<typeof statementsOf>;
  /** Mostly nothing is, and then no read needs to ask. */
  #isAnyPending: boolean;

  constructor(database: DatabaseSync, options: ProjectionOptions) {
    this.#database = database;
    this.#options = options;
    this.#private = new PrivateFolder(database, options.collections);
    this.#statements = statementsOf(database);
    this.#facts = this.#readFacts();
    this.#isAnyPending = this.#askIfAnyPending();
    this.amendments = openAmendments(database);
    this.consents = openConsentIndex(database);
    this.notices = openNotices(database);
    this.slips = openSlips(database);
    this.erasures = openErasures(database);
    // What is purged is overwritten in the file. Keys are hashes, so that a block of events touches pages everywhere.
    // The same pages again in the next block, so that the fewer the checkpoints, the less is copied: 16 MiB of write-ahead log.
    database.exec('PRAGMA secure_delete = ON; PRAGMA cache_size = -8192; PRAGMA wal_autocheckpoint = 4096;');
    this.journalIndex = openJournalIndex(database);
    this.followUps = openFollowUps(database, (collection, key) => {
      const entry = this.event(collection, key);
      if (entry === undefined) throw new ProjectionError('an event that is looked after is not there');
      return entry;
    });
    this.records = openRecordIndex(database);
    this.trials = openTrials(database);
  }

  get height(): number {
    return Number(this.#facts.get('height') ?? 0);
  }

  get founded(): { ledger?: string; collectionsDigest?: string; earlierCollections: string[] } {
    const ledger = this.#facts.get('ledger');
    const collectionsDigest = this.#facts.get('collections');
    return {
      ...(ledger === undefined ? {} : { ledger }),
      ...(collectionsDigest === undefined ? {} : { collectionsDigest }),
      earlierCollections: listOf(this.#facts.get('earlier-collections')),
    };
  }

  fold(block: LedgerBlock): void {
    const again = block.number < this.height;
    if (block.number > this.height) {
      throw new ProjectionError(`block ${block.number} came after block ${this.height - 1}`);
    }
    const before = new Map(this.#facts);
    try {
      inTransaction(this.#database, () => {
        if (!again) this.#setFact('height', `${block.number + 1}`);
        if (block.number === 0) this.#setFact('ledger', block.hash);
        for (const transaction of block.transactions) {
          if (!transaction.valid) continue;
          if (!again) {
            this.#foldPublic(transaction);
            this.#notePassedOver(transaction);
          }
          this.#private.fold(block, transaction, again);
        }
      });
    } catch (error) {
      this.#facts.clear();
      for (const [name, value] of before) this.#facts.set(name, value);
      throw error;
    }
    this.#isAnyPending = this.#askIfAnyPending();
    if (purges(block)) this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  }

  publicValue(key: string): Buffer | undefined {
    const row = this.#statements.publicValue.get(key) as { value: Uint8Array } | undefined;
    return row === undefined ? undefined : Buffer.from(row.value);
  }

  publicValues(prefix: string): { key: string; value: Buffer }[] {
    const rows = this.#statements.publicValues.all(prefix, `${prefix}\u{10ffff}`) as unknown as PublicRow[];
    return rows.map(({ key, value }) => ({ key, value: Buffer.from(value) }));
  }

  privateValue(collection: string, key: string): ReturnType<Projection['privateValue']> {
    const keyHash = hexSha256(key);
    const row = this.#statements.privateValue.get(collection, keyHash) as PrivateRow | undefined;
    const pending = this.#isAnyPending
      ? (this.#statements.newestPending.get(collection, keyHash) as Place | undefined)
      : undefined;
    if (pending !== undefined && (row === undefined || isAfter(pending, row)))
      throw new Refusal('event-pending');
    if (row === undefined) return undefined;
    return { value: Buffer.from(row.value), transaction: row.transaction_id, block: row.block };
  }

  event(collection: string, key: string): EventEntry | undefined {
    const row = this.#statements.event.get(collection, key) as EventRow | undefined;
    return row === undefined ? undefined : this.#entryOf(row);
  }

  events(filter: EventFilter): EventEntry[] {
    const { sql, values } = eventQuery(filter);
    const rows = this.#database.prepare(sql).all(...values) as unknown as EventRow[];
    return rows.map((row) => this.#entryOf(row));
  }

  pending(): { block: number; values: number }[] {
    return this.#statements.pending.all() as unknown as { block: number; values: number }[];
  }

  close(): void {
    this.#database.close();
  }

  #entryOf(row: EventRow): EventEntry {
    const delivered = this.#statements.delivered.all(row.collection, row.key) as unknown as {
      record: string;
    }[];
    return {
      position: row.position,
      collection: row.collection,
      key: row.key,
      transaction: row.transaction_id,
      block: row.block,
      value: Buffer.from(row.value),
      detail: JSON.parse(row.detail) as Json,
      delivered: delivered.map(({ record }) => record),
    };
  }

  #foldPublic({ writes }: LedgerTransaction): void {
    for (const write of writes) {
      if (write.namespace === this.#options.chaincode) this.#putPublic(write);
      else if (write.namespace === '_lifecycle') this.#foldDefinition(write);
    }
  }

  #putPublic({ key, value }: PublicWrite): void {
    if (value === undefined) this.#statements.removePublic.run(key);
    else this.#statements.putPublic.run(key, value);
  }

  /** The chaincode definition's collections, as `_lifecycle` keeps them (core/chaincode/lifecycle, serializer.go). */
  #foldDefinition({ key, value }: PublicWrite): void {
    if (key !== `namespaces/fields/${this.#options.chaincode}/Collections` || value === undefined) return;
    const collections = peer.lifecycle.StateData.deserializeBinary(value).getBytes_asU8();
    const digest = hexSha256(collections);
    const before = this.#facts.get('collections');
    if (before === digest) return;
    if (before !== undefined) this.#addToList('earlier-collections', before);
    this.#setFact('collections', digest);
  }

  /** This member may come to hold a collection that it does not hold yet, and then has to have it whole. */
  #notePassedOver({ hashed }: LedgerTransaction): void {
    for (const { collection } of hashed) {
      if (!this.#options.collections.includes(collection)) this.#addToList('passed-over', collection);
    }
  }

  #addToList(name: string, item: string): void {
    const list = listOf(this.#facts.get(name));
    if (!list.includes(item)) this.#setFact(name, [...list, item].join(' '));
  }

  #setFact(name: string, value: string): void {
    this.#facts.set(name, value);
    this.#statements.putFact.run(name, value);
  }

  #askIfAnyPending(): boolean {
    return this.#statements.anyPending.get() !== undefined;
  }

  #readFacts(): Map<string, string> {
    const rows = this.#database.prepare('SELECT name, value FROM fact').all() as unknown as Fact[];
    return new Map(rows.map(({ name, value }) => [name, value]));
  }
}

/** Then the journal is emptied, in which the purged values still are. */
function purges({ transactions }: LedgerBlock): boolean {
  return transactions.some(({ valid, hashed }) => valid && hashed.some(({ purged }) => purged));
}

interface Fact {
  readonly name: string;
  readonly value: string;
}
interface PublicRow {
  readonly key: string;
  readonly value: Uint8Array;
}
interface Place {
  readonly block: number;
  readonly place: number;
}
interface PrivateRow extends Place {
  readonly value: Uint8Array;
  readonly transaction_id: string;
}
interface EventRow {
  readonly position: string;
  readonly collection: string;
  readonly key: string;
  readonly transaction_id: string;
  readonly block: number;
  readonly value: Uint8Array;
  readonly detail: string;
}

function isAfter(one: Place, other: Place): boolean {
  return one.block > other.block || (one.block === other.block && one.place > other.place);
}

function eventQuery(filter: EventFilter): { sql: string; values: SQLInputValue[] } {
  const conditions = [`collection IN (${filter.collections.map(() => '?').join(', ')})`];
  const values: SQLInputValue[] = [...filter.collections];
  const where = (condition: string, ...parameters: SQLInputValue[]): void => {
    conditions.push(condition);
    values.push(...parameters);
  };
  if (filter.after !== undefined) where('position > ?', filter.after);
  if (filter.requester !== undefined) where('requester = ?', filter.requester);
  if (filter.subject !== undefined) {
    where('id IN (SELECT event FROM event_subject WHERE subject = ?)', filter.subject);
  }
  if (filter.record !== undefined) {
    const outcome = filter.outcome ?? null;
    where(
      'id IN (SELECT event FROM event_record WHERE record = ? AND (? IS NULL OR outcome = ?))',
      filter.record,
      outcome,
      outcome,
    );
  } else if (filter.outcome !== undefined) {
    where('EXISTS (SELECT 1 FROM event_record r WHERE r.event = event.id AND r.outcome = ?)', filter.outcome);
  }
  values.push(filter.limit);
  return { sql: `SELECT * FROM event WHERE ${conditions.join(' AND ')} ORDER BY position LIMIT ?`, values };
}

function statementsOf(database: DatabaseSync) {
  return {
    putFact: database.prepare(
      'INSERT INTO fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    ),
    putPublic: database.prepare(
      'INSERT INTO public_value (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    ),
    removePublic: database.prepare('DELETE FROM public_value WHERE key = ?'),
    publicValue: database.prepare('SELECT value FROM public_value WHERE key = ?'),
    publicValues: database.prepare(
      'SELECT key, value FROM public_value WHERE key >= ? AND key < ? ORDER BY key',
    ),
    privateValue: database.prepare(
      'SELECT value, transaction_id, block, place FROM private_value WHERE collection = ? AND key_hash = ?',
    ),
    newestPending: database.prepare(
      'SELECT block, place FROM pending_value WHERE collection = ? AND key_hash = ? ORDER BY block DESC, place DESC LIMIT 1',
    ),
    anyPending: database.prepare('SELECT 1 FROM pending_value LIMIT 1'),
    event: database.prepare('SELECT * FROM event WHERE collection = ? AND key = ?'),
    delivered: database.prepare(
      'SELECT record FROM delivery WHERE collection = ? AND event = ? AND complete = 1',
    ),
    pending: database.prepare(
      'SELECT block, count(*) AS "values" FROM pending_value GROUP BY block ORDER BY block',
    ),
  };
}
