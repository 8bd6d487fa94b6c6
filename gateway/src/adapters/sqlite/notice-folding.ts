import type { DatabaseSync, StatementSync } from 'node:sqlite';
import {
  amendment,
  consent,
  decidedAt,
  delegation,
  delegationEnd,
  isBreakGlass,
  keyEnd,
  subjectBasis,
  subjectKey,
  withdrawn,
  type AccessEvent,
  type EventDetail,
  type PrivateKind,
} from '@consent-ledger/chaincode/wire';
import type { LedgerTransaction, PrivateWrite } from '../../ports/ledger.js';
import type { Notice } from '../../ports/notices.js';
import { hexSha256 } from '../../usecases/hex-hash.js';

type Told = Pick<Notice, 'subject' | 'kind' | 'about' | 'at'>;

/** Undefined: there is nothing to tell. */
type Tell = (value: unknown) => Told | undefined;

/** What each private value tells its subject; others tell nothing. */
const TELL: ReadonlyMap<string, Tell> = new Map<PrivateKind, Tell>([
  [
    'amendment',
    (value) => {
      const { subject, amendment: about, requestedAt, extension, answer, ...later } = amendment.parse(value);
      // What was said after an answer, the subject said, or is told by the custodian in writing.
      if (later.disagreement !== undefined || later.rebuttal !== undefined || later.inclusion !== undefined)
        return undefined;
      if (answer !== undefined) return { subject, kind: `amendment-${answer.outcome}`, about, at: answer.at };
      if (extension !== undefined) return { subject, kind: 'amendment-extended', about, at: extension.at };
      return { subject, kind: 'amendment-requested', about, at: requestedAt };
    },
  ],
  [
    'consent',
    (value) => {
      const filed = consent.parse(value);
      const kind = filed.version === 1 ? 'consent-filed' : 'consent-changed';
      return { subject: filed.subject, kind, about: filed.consent, at: filed.filedAt };
    },
  ],
  [
    'withdrawn',
    (value) => {
      const { subject, consent: about, at } = withdrawn.parse(value);
      return { subject, kind: 'consent-withdrawn', about, at };
    },
  ],
  [
    'key',
    (value) => {
      const { subject, key, registeredAt } = subjectKey.parse(value);
      return { subject, kind: 'key-registered', about: key, at: registeredAt };
    },
  ],
  [
    'keyend',
    (value) => {
      const { subject, key, endedAt } = keyEnd.parse(value);
      return { subject, kind: 'key-ended', about: key, at: endedAt };
    },
  ],
  [
    'delegation',
    (value) => {
      const { subject, delegation: about, registeredAt } = delegation.parse(value);
      return { subject, kind: 'delegation-registered', about, at: registeredAt };
    },
  ],
  [
    'delegationend',
    (value) => {
      const { subject, delegation: about, endedAt } = delegationEnd.parse(value);
      return { subject, kind: 'delegation-ended', about, at: endedAt };
    },
  ],
  [
    'basis',
    (value) => {
      const { subject, basis: about, status, at } = subjectBasis.parse(value);
      const kind = status === 'active' ? 'legal-basis-registered' : 'legal-basis-ended';
      return { subject, kind, about, at };
    },
  ],
]);

/** Collections are named `custody-<MSP>` and `withdrawal-<MSP>`. */
const COLLECTION = /^(?:custody|withdrawal)-(.+)$/;

const KEY_DIGITS = 16;

/** Keeps the table of what was done in subjects' names. */
export class NoticeFolder {
  readonly #add: StatementSync;
  readonly #remove: StatementSync;

  constructor(database: DatabaseSync) {
    this.#add = database.prepare(`
      INSERT INTO notice (id, collection, key_hash, custodian, subject, kind, about, at, transaction_id, block, place)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`);
    this.#remove = database.prepare('DELETE FROM notice WHERE collection = ? AND key_hash = ?');
  }

  /** A private value that arrived. */
  fold(
    { collection, key, value }: PrivateWrite,
    keyHash: string,
    block: number,
    { id, index }: LedgerTransaction,
  ): void {
    const tell = TELL.get(key.slice(0, key.indexOf('/')));
    const custodian = COLLECTION.exec(collection)?.[1];
    if (tell === undefined || custodian === undefined) return;
    const told = tell(JSON.parse(value.toString('utf8')));
    if (told === undefined) return;
    const { subject, kind, about, at } = told;
    const notice = `${id}.${keyHash.slice(0, KEY_DIGITS)}`;
    this.#add.run(notice, collection, keyHash, custodian, subject, kind, about, at, id, block, index);
  }

  /** An access for which the glass was broken: each subject whose records were looked at is told. */
  foldEvent(
    { collection, key }: PrivateWrite,
    event: AccessEvent,
    detail: EventDetail,
    block: number,
    { id, index }: LedgerTransaction,
  ): void {
    const custodian = COLLECTION.exec(collection)?.[1];
    const opened = new Set(event.records.filter(isBreakGlass).map(({ record }) => record));
    if (custodian === undefined || opened.size === 0) return;
    const keyHash = hexSha256(key);
    const about = key.slice(key.indexOf('/') + 1);
    const subjects = new Set(
      detail.records.flatMap(({ record, subjects: those }) => (opened.has(record) ? those : [])),
    );
    for (const subject of subjects) {
      const notice = `${id}.${hexSha256(`${keyHash} ${subject}`).slice(0, KEY_DIGITS)}`;
      this.#add.run(
        notice,
        collection,
        keyHash,
        custodian,
        subject,
        'emergency-access',
        about,
        decidedAt(event),
        id,
        block,
        index,
      );
    }
  }

  /** A value that is deleted or purged. */
  remove(collection: string, keyHash: string): void {
    this.#remove.run(collection, keyHash);
  }
}
