import { Changes, positionAt } from '@consent-ledger/audit';

const DAY_MS = 86_400_000;

/** A population whose accesses are written straight into the projection's tables: to decide a million would take an hour. */
export interface Population {
  readonly subjects: number;
  readonly recordsEach: number;
}

export function subjectName(n: number): string {
  return `subject-${String(n).padStart(8, '0')}`;
}

function recordName(subject: number, n: number): string {
  return `record-${String(subject).padStart(8, '0')}-${n}`;
}

/** Rows of one block: `events` accesses of subjects in turn, ten of eleven permitted and delivered, over six years. */
export function blockOfAccesses(
  block: number,
  events: number,
  { subjects, recordsEach }: Population,
  newest: number,
  of: number,
): Changes {
  const changes = new Changes();
  const at = newest - Math.floor((6 * 365 * DAY_MS * (of - block)) / of);
  changes.add('block', { number: block, hash: block.toString(16).padStart(64, '0'), at, transactions: 1 });
  const details = positionAt(block, 0, events);
  changes.add('detail_set', { position: details, key_hash: hashOf(details) });
  for (let n = 0; n < events; n += 1) {
    const serial = block * events + n;
    // Spread, so that one subject's accesses do not lie beside each other.
    const subject = (serial * 7_919) % subjects;
    addAccess(changes, positionAt(block, 0, n), positionAt(block, 1, n), serial, at, subject, recordsEach);
  }
  return changes;
}

function addAccess(
  changes: Changes,
  position: number,
  delivery: number,
  serial: number,
  at: number,
  subject: number,
  recordsEach: number,
): void {
  const record = recordName(subject, serial % recordsEach);
  const isPermitted = serial % 11 !== 0;
  const key = hashOf(position);
  changes.add('access_event', {
    position,
    key_hash: key,
    custodian: 'RiversideMSP',
    requester: 'LakesideMSP',
    transaction_id: serial.toString(16).padStart(64, '0'),
    event: `event/${serial.toString(16).padStart(64, '0')}`,
    jti: String(serial).padStart(22, '0'),
    at,
    rules: '1',
  });
  changes.add('access_record', {
    position,
    place: 0,
    record,
    outcome: isPermitted ? 'permit' : 'deny',
    code: isPermitted ? 'permitted' : 'not-permitted',
    released: isPermitted ? 1 : null,
    review_by: null,
    obligations: '[]',
  });
  changes.add('access_detail', {
    position,
    user_id: `practitioner-${String(serial % 5_000).padStart(8, '0')}`,
    roles: '["practitioner"]',
    purposes: '["TREAT"]',
    signed_in_at: at,
    emergency: null,
    legal_basis: null,
    is_search: 0,
  });
  changes.add('access_reason', {
    position,
    place: 0,
    record,
    reason: isPermitted ? 'permitted-by-consent' : 'no-consent',
    exception: isPermitted ? null : '45 CFR 171.202(b)',
    described: 1,
    basis: JSON.stringify([
      {
        consent: `consent-${subject}`,
        version: 1,
        outcome: 'permit',
        path: 'Consent.provision',
        evidence: 'signed',
      },
    ]),
    subjects: JSON.stringify([subjectName(subject)]),
  });
  changes.add('access_subject', { subject: subjectName(subject), position });
  if (!isPermitted) return;
  changes.add('delivery', {
    position: delivery,
    key_hash: hashOf(delivery),
    event_hash: key,
    record,
    bytes: 4_096,
    digest: 'A'.repeat(43),
    complete: 1,
    at: at + 1_000,
  });
}

/** As random as a hash is, and cheaper. */
function hashOf(position: number): string {
  const mixed = (BigInt(position) * 0x9e3779b97f4a7c15n) & 0xffffffffffffffffn;
  return `${mixed.toString(36).padStart(13, '0')}${'A'.repeat(30)}`;
}
