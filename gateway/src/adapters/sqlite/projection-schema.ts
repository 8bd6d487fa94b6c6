import { AMENDMENT_SCHEMA } from './amendment-folding.js';
import { STUDY_SCHEMA } from './study-schema.js';

/** Version of the tables; a projection of another version is thrown away and made again from the first block. */
export const PROJECTION_VERSION = 16;

/**
 * `private_value` and `pending_value` go by the hash of the key, which is all that is known of a value that is missing.
 * `consent` has the newest version of each consent, for searches; a withdrawal may be there before its consent is.
 * `notice` has what was done in subjects' names, as far as the private values that say so are there.
 * `emergency` has the accesses that are to be reviewed, `review` what was found; `unsettled` the permits without a delivery.
 * `slip` has which slips of consents there are, by the block that wrote each last.
 * `owned_value` has whose each private value is that an erasure takes, `erased_subject` who is erased.
 * `amendment` has what was asked to be amended, by its newest step.
 * `subject_record` has which records are about whom, by where the newest version of each stands.
 * `journal_entry` has the entries of emergency journals that are in events.
 * An event's position is block, transaction and place within it, so that lists have one order for ever; what belongs to an
 * event goes by its number, which grows as events come: a tree that grows at its end costs far less than one that grows
 * everywhere.
 */
export const PROJECTION_SCHEMA = `
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE public_value (key TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE private_value (
  collection TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  value BLOB NOT NULL,
  transaction_id TEXT NOT NULL,
  block INTEGER NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (collection, key_hash)
) STRICT, WITHOUT ROWID;
CREATE TABLE pending_value (
  collection TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  block INTEGER NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (collection, key_hash, block, place)
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_by_block ON pending_value(block, place);
CREATE TABLE journal_entry (
  entry TEXT NOT NULL,
  collection TEXT NOT NULL,
  logged TEXT NOT NULL,
  PRIMARY KEY (collection, entry)
) STRICT, WITHOUT ROWID;
CREATE TABLE event (
  id INTEGER PRIMARY KEY,
  position TEXT NOT NULL UNIQUE,
  collection TEXT NOT NULL,
  key TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  block INTEGER NOT NULL,
  requester TEXT NOT NULL,
  value BLOB NOT NULL,
  detail TEXT NOT NULL,
  UNIQUE (collection, key)
) STRICT;
CREATE INDEX event_by_requester ON event(requester, position);
CREATE TABLE event_record (
  event INTEGER NOT NULL,
  record TEXT NOT NULL,
  outcome TEXT NOT NULL,
  PRIMARY KEY (event, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_by_record ON event_record(record, event);
CREATE TABLE event_subject (
  subject TEXT NOT NULL,
  event INTEGER NOT NULL,
  PRIMARY KEY (subject, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE emergency (
  collection TEXT NOT NULL,
  event TEXT NOT NULL,
  review_by INTEGER NOT NULL,
  PRIMARY KEY (collection, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE review (
  collection TEXT NOT NULL,
  event TEXT NOT NULL,
  value BLOB NOT NULL,
  transaction_id TEXT NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (collection, event)
) STRICT, WITHOUT ROWID;
CREATE TABLE unsettled (
  event INTEGER NOT NULL,
  record TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (event, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX unsettled_by_time ON unsettled(at);
CREATE TABLE delivery (
  collection TEXT NOT NULL,
  event TEXT NOT NULL,
  record TEXT NOT NULL,
  complete INTEGER NOT NULL,
  PRIMARY KEY (collection, event, record)
) STRICT, WITHOUT ROWID;
CREATE TABLE consent (
  collection TEXT NOT NULL,
  consent TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  subject TEXT NOT NULL,
  version INTEGER NOT NULL,
  release TEXT NOT NULL,
  status TEXT NOT NULL,
  period_from REAL,
  period_until REAL,
  filed_at INTEGER NOT NULL,
  PRIMARY KEY (collection, consent)
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_by_key ON consent(collection, key_hash);
CREATE INDEX consent_by_subject ON consent(collection, subject);
CREATE TABLE consent_term (
  collection TEXT NOT NULL,
  consent TEXT NOT NULL,
  kind TEXT NOT NULL,
  qualifier TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (collection, consent, kind, value, qualifier),
  FOREIGN KEY (collection, consent) REFERENCES consent(collection, consent) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE consent_withdrawal (
  collection TEXT NOT NULL,
  consent TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (collection, consent)
) STRICT, WITHOUT ROWID;
CREATE TABLE notice (
  id TEXT PRIMARY KEY,
  collection TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  custodian TEXT NOT NULL,
  subject TEXT NOT NULL,
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  at TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  block INTEGER NOT NULL,
  place INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX notice_by_subject ON notice(custodian, subject, block, place);
CREATE INDEX notice_by_block ON notice(custodian, block);
CREATE INDEX notice_by_key ON notice(collection, key_hash);
CREATE TABLE slip (
  collection TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  key TEXT NOT NULL,
  custodian TEXT NOT NULL,
  consent TEXT NOT NULL,
  member TEXT NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (collection, key_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX slip_by_block ON slip(custodian, block);
CREATE TABLE subject_record (
  collection TEXT NOT NULL,
  subject TEXT NOT NULL,
  record TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  block INTEGER NOT NULL,
  place INTEGER NOT NULL,
  PRIMARY KEY (collection, subject, record)
) STRICT, WITHOUT ROWID;
CREATE INDEX subject_record_by_place ON subject_record(collection, subject, block, place, record);
CREATE INDEX subject_record_by_key ON subject_record(collection, key_hash);
CREATE INDEX slip_by_consent ON slip(custodian, consent);
CREATE TABLE owned_value (
  collection TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  name TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (collection, key_hash, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX owned_value_by_name ON owned_value(collection, name);
CREATE TABLE erased_subject (
  collection TEXT NOT NULL,
  subject TEXT NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (collection, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX erased_by_block ON erased_subject(collection, block);
${AMENDMENT_SCHEMA}
${STUDY_SCHEMA}`;
