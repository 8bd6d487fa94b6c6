/**
 * The tables of the projection. Each row comes from one private value, is found by the place of its transaction in the history,
 * and is never changed: so it does not matter in which order values arrive, and what stands is what stands last. A value that is
 * deleted or purged takes its rows along. Times are epoch milliseconds, lists are JSON, `key_hash` is base64url.
 */
export const COLUMNS = {
  block: ['number', 'hash', 'at', 'transactions'],
  member: ['position', 'msp_id', 'name', 'kind', 'display_name', 'gateway', 'status'],
  custody: ['position', 'key_hash', 'custodian', 'organization', 'review_hours'],
  access_event: [
    'position',
    'key_hash',
    'custodian',
    'requester',
    'transaction_id',
    'event',
    'jti',
    'at',
    'rules',
  ],
  access_record: ['position', 'place', 'record', 'outcome', 'code', 'released', 'review_by', 'obligations'],
  detail_set: ['position', 'key_hash'],
  access_detail: [
    'position',
    'user_id',
    'roles',
    'purposes',
    'signed_in_at',
    'emergency',
    'legal_basis',
    'is_search',
  ],
  access_reason: ['position', 'place', 'record', 'reason', 'exception', 'described', 'basis', 'subjects'],
  access_subject: ['subject', 'position'],
  delivery: ['position', 'key_hash', 'event_hash', 'record', 'bytes', 'digest', 'complete', 'at'],
  review: ['position', 'key_hash', 'event_hash', 'finding', 'reviewer', 'reviewed_by', 'at'],
  consent: [
    'position',
    'key_hash',
    'custodian',
    'consent',
    'version',
    'subject',
    'evidence',
    'filed_at',
    'filed_by',
    'digest',
    'period_until',
    'resource',
    'policy',
  ],
  withdrawal: [
    'position',
    'key_hash',
    'custodian',
    'consent',
    'subject',
    'evidence',
    'at',
    'taken_by',
    'reason',
  ],
  descriptor: [
    'position',
    'key_hash',
    'custodian',
    'record',
    'version',
    'subjects',
    'status',
    'media_type',
    'facts',
    'at',
    'reason',
  ],
  subject_act: [
    'position',
    'key_hash',
    'custodian',
    'subject',
    'act',
    'reference',
    'at',
    'done_by',
    'evidence',
    'more',
  ],
  pending: ['position', 'key_hash', 'collection', 'since'],
  tombstone: ['position', 'key_hash', 'collection', 'at'],
  alarm: ['position', 'kind', 'key_hash', 'collection', 'at'],
} as const;

export type TableName = keyof typeof COLUMNS;
export type Value = number | string | null;

/** Columns that hold whole numbers, in whichever table. */
const NUMBERS = [
  'position',
  'place',
  'number',
  'at',
  'transactions',
  'review_hours',
  'version',
  'released',
  'review_by',
  'signed_in_at',
  'described',
  'bytes',
  'complete',
  'is_search',
  'filed_at',
  'period_until',
  'since',
] as const;
type Nullable =
  | 'user_id'
  | 'review_by'
  | 'signed_in_at'
  | 'emergency'
  | 'legal_basis'
  | 'exception'
  | 'described'
  | 'period_until'
  | 'reason'
  | 'policy'
  | 'done_by'
  | 'evidence'
  | 'key_hash'
  | 'released';

type ColumnOf<Table extends TableName> = (typeof COLUMNS)[Table][number];
type Plain<Column> = Column extends (typeof NUMBERS)[number] ? number : string;
type Cell<Column> = Column extends Nullable ? Plain<Column> | null : Plain<Column>;

/** One row of a table. */
export type Row<Table extends TableName> = { readonly [Column in ColumnOf<Table>]: Cell<Column> };

export interface Checkpoint {
  /** Number of blocks folded. */
  readonly height: number;
  /** Hash of the last block's header, hex; empty before the first. */
  readonly hash: string;
  /** Fingerprint of the genesis block; empty before the first. */
  readonly ledger: string;
  /** JSON: collections whose values are folded, and those that were seen and not folded. */
  readonly collections: string;
  readonly passed_over: string;
}

/** What kysely knows of the database. */
export type Tables = { [Table in TableName]: Row<Table> } & {
  checkpoint: Checkpoint & { readonly id: number };
};

export function isNumber(column: string): boolean {
  return (NUMBERS as readonly string[]).includes(column);
}

export const TABLE_NAMES = Object.keys(COLUMNS) as TableName[];
