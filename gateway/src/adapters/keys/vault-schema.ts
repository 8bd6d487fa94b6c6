/** Version of the tables; what another version wrote is refused. */
export const VAULT_VERSION = 2;

/**
 * `custodian_key` says under which key the keys of subjects are sealed. `record_share` has one row for each subject of a record.
 * `destroyed` keeps a subject whose key was destroyed from ever getting another; `doomed` has the ciphertexts that are still to be dropped after that.
 */
export const VAULT_SCHEMA = `
CREATE TABLE custodian_key (id TEXT NOT NULL, proof BLOB NOT NULL) STRICT;
CREATE TABLE subject_key (subject TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE record_key (
  ciphertext TEXT PRIMARY KEY,
  record TEXT NOT NULL,
  version INTEGER NOT NULL,
  confirmed INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX unconfirmed_key ON record_key(ciphertext) WHERE confirmed = 0;
CREATE TABLE record_share (
  ciphertext TEXT NOT NULL REFERENCES record_key(ciphertext) ON DELETE CASCADE,
  subject TEXT NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (ciphertext, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX share_by_subject ON record_share(subject);
CREATE TABLE destroyed (subject TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
CREATE TABLE doomed (ciphertext TEXT PRIMARY KEY) STRICT, WITHOUT ROWID`;
