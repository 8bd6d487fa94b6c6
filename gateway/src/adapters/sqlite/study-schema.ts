/**
 * `touched` has the subjects of whom something was written that a sponsor may have to know, by the block that wrote it last.
 * `participation` has each as it stands, `participation_change` all that was written of them, and `participation_count` how many
 * there are of a kind, kept with each of them.
 */
export const STUDY_SCHEMA = `
CREATE TABLE touched (
  site TEXT NOT NULL,
  study TEXT NOT NULL,
  subject TEXT NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (site, study, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX touched_by_block ON touched(site, block);
CREATE INDEX touched_by_subject ON touched(site, subject);
CREATE TABLE participation (
  study TEXT NOT NULL,
  person TEXT NOT NULL,
  site TEXT NOT NULL,
  key_hash TEXT NOT NULL,
  status TEXT NOT NULL,
  protocol TEXT,
  evidence TEXT,
  choices TEXT NOT NULL,
  collected TEXT NOT NULL,
  at TEXT NOT NULL,
  transaction_id TEXT NOT NULL,
  block INTEGER NOT NULL,
  place INTEGER NOT NULL,
  stopped INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (study, person)
) STRICT, WITHOUT ROWID;
CREATE INDEX participation_by_status ON participation(study, status, person);
CREATE INDEX participation_unacknowledged ON participation(study, block) WHERE status = 'withdrawn' AND stopped = 0;
CREATE INDEX participation_withdrawn ON participation(block) WHERE status = 'withdrawn' AND stopped = 0;
CREATE TABLE participation_stop (
  study TEXT NOT NULL,
  person TEXT NOT NULL,
  PRIMARY KEY (study, person)
) STRICT, WITHOUT ROWID;
CREATE TABLE participation_count (
  study TEXT NOT NULL,
  site TEXT NOT NULL,
  protocol TEXT NOT NULL,
  status TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (study, site, protocol, status)
) STRICT, WITHOUT ROWID;
CREATE TABLE participation_change (
  study TEXT NOT NULL,
  position TEXT NOT NULL,
  site TEXT NOT NULL,
  person TEXT NOT NULL,
  status TEXT NOT NULL,
  protocol TEXT,
  at TEXT NOT NULL,
  block INTEGER NOT NULL,
  PRIMARY KEY (study, position)
) STRICT, WITHOUT ROWID;
`;
