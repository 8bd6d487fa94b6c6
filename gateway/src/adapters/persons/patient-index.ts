import { createHmac, hkdfSync } from 'node:crypto';
import { demographicsSchema } from '@consent-ledger/chaincode/wire/http';
import type { PatientIndex, PatientMatch } from '../../ports/patient-index.js';
import type { SubjectSeal } from '../../ports/subject-seal.js';
import { comparePersons } from '../../usecases/matching/compare-persons.js';
import { comparedOf, type ComparedPerson } from '../../usecases/matching/normalise.js';
import { inTransaction, openDatabase } from '../sqlite/database.js';

const SCHEMA = `
CREATE TABLE person (subject TEXT PRIMARY KEY, sealed BLOB NOT NULL, changed_at INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE token (
  token BLOB NOT NULL,
  subject TEXT NOT NULL REFERENCES person(subject) ON DELETE CASCADE,
  PRIMARY KEY (token, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX token_by_subject ON token(subject)`;

/** A token that more persons share tells too little, and is passed over. */
const MOST_SHARING = 500;
/** Of a name that may be written otherwise, so much is a token. */
const INITIALS = 2;

const purposeOf = (subject: string): string => `demographics of ${subject}`;

/**
 * The index in one SQLite file. What is known of a subject lies there sealed under the subject's own key, so that it is gone with that
 * key; it is found by tokens, HMACs of what it is compared by, which tell nothing to whoever lacks the gateway's key.
 */
export function openPatientIndex(
  path: string,
  { seal, secret }: { readonly seal: SubjectSeal; readonly secret: Uint8Array },
): PatientIndex & { close(): void } {
  const database = openDatabase(path, SCHEMA, 1, 'full');
  database.exec('PRAGMA secure_delete = ON');
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'consent-ledger patient index', 32));
  const tokenOf = (text: string): Buffer => createHmac('sha256', key).update(text).digest().subarray(0, 16);
  const statements = {
    remove: database.prepare('DELETE FROM person WHERE subject = ?'),
    add: database.prepare('INSERT INTO person (subject, sealed, changed_at) VALUES (?, ?, ?)'),
    addToken: database.prepare('INSERT INTO token (token, subject) VALUES (?, ?) ON CONFLICT DO NOTHING'),
    find: database.prepare('SELECT sealed, changed_at FROM person WHERE subject = ?'),
    having: database.prepare('SELECT subject FROM token WHERE token = ? LIMIT ?'),
  };
  const remove = (subject: string): void => {
    if (statements.remove.run(subject).changes > 0) database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  };
  const find = async (subject: string) => {
    const row = statements.find.get(subject) as { sealed: Uint8Array; changed_at: number } | undefined;
    if (row === undefined) return undefined;
    const opened = await seal.openFor(subject, row.sealed, purposeOf(subject));
    const patient = demographicsSchema.parse(JSON.parse(opened.toString('utf8')));
    return { patient, changedAt: row.changed_at };
  };
  return {
    find,
    async match(asked) {
      const person = comparedOf(asked);
      const subjects = new Set<string>();
      for (const token of tokensOf(person).map(tokenOf)) {
        const rows = statements.having.all(token, MOST_SHARING + 1) as unknown as { subject: string }[];
        if (rows.length <= MOST_SHARING) for (const { subject } of rows) subjects.add(subject);
      }
      const found: PatientMatch[] = [];
      for (const subject of subjects) {
        const held = await find(subject);
        const likeness = held && comparePersons(person, comparedOf(held.patient));
        if (likeness !== undefined) found.push({ subject, ...likeness });
      }
      return found.sort((one, other) => other.score - one.score);
    },
    async replace(subject, patient, at) {
      if (patient === undefined) {
        remove(subject);
        return;
      }
      const content = Buffer.from(JSON.stringify(patient), 'utf8');
      const sealed = await seal.sealFor(subject, content, purposeOf(subject));
      inTransaction(database, () => {
        statements.remove.run(subject);
        statements.add.run(subject, sealed, at);
        for (const token of tokensOf(comparedOf(patient)).map(tokenOf))
          statements.addToken.run(token, subject);
      });
    },
    forget: remove,
    close() {
      database.close();
    },
  };
}

/** Whoever is a match shares one of these: an identifier, the date of birth, or how the names begin with the year of birth. */
function tokensOf({ identifiers, birthDate, names }: ComparedPerson): string[] {
  const year = birthDate.slice(0, 4);
  return [
    ...[...identifiers].map((identifier) => `identifier ${identifier}`),
    `birth ${birthDate}`,
    ...names.map(({ family }) => `name ${family.slice(0, INITIALS)} ${year}`),
  ];
}
