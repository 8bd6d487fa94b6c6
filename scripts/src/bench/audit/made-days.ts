import { createHash } from 'node:crypto';
import { Changes, positionAt } from '@consent-ledger/audit';
import { HOUSE, type Patient, type Worker } from './made-staff.js';

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

export interface Look {
  readonly worker: Worker;
  readonly patient: Patient;
  /** Day since the beginning, hour of it (with a fraction). */
  readonly day: number;
  readonly hour: number;
  readonly reason?: 'no-consent' | 'consent-withdrawn';
  readonly isEmergency?: boolean;
}

/** Rows of the projection for what one day's looks were: one access of one record each. A block is a day. */
export function changesOf(day: number, looks: readonly Look[], start: number): Changes {
  const changes = new Changes();
  const sorted = [...looks].sort((a, b) => a.hour - b.hour);
  sorted.forEach((look, n) => {
    addLook(changes, look, positionAt(day, 0, n), start);
  });
  const last = Math.max(0, ...sorted.map((look) => atOf(look, start)));
  const hash = day.toString(16).padStart(64, '0');
  changes.add('block', { number: day, hash, at: last, transactions: 1 });
  return changes;
}

function atOf({ day, hour }: Look, start: number): number {
  return start + day * DAY_MS + Math.floor(hour * HOUR_MS);
}

function addLook(changes: Changes, look: Look, position: number, start: number): void {
  const { worker, patient, reason, isEmergency = false } = look;
  const event = `event/${position.toString(16).padStart(64, '0')}`;
  const at = atOf(look, start);
  const record = `record-of-${patient.subject}`;
  const outcome = reason === undefined ? 'permit' : 'deny';
  changes.add('access_event', {
    position,
    key_hash: createHash('sha256').update(event).digest('base64url'),
    custodian: HOUSE,
    requester: HOUSE,
    transaction_id: position.toString(16).padStart(64, '0'),
    event,
    jti: String(position).padStart(22, '0'),
    at,
    rules: '1',
  });
  changes.add('access_record', {
    position,
    place: 0,
    record,
    outcome,
    code: outcome === 'permit' ? 'permitted' : 'not-permitted',
    released: outcome === 'permit' ? 1 : null,
    review_by: null,
    obligations: '[]',
  });
  changes.add('access_detail', {
    position,
    user_id: worker.user,
    roles: JSON.stringify([worker.role]),
    purposes: worker.role === 'billing' ? '["HPAYMT"]' : '["TREAT"]',
    signed_in_at: at,
    emergency: isEmergency ? 'unconscious on arrival' : null,
    legal_basis: null,
    is_search: 0,
  });
  changes.add('access_reason', {
    position,
    place: 0,
    record,
    reason: reason ?? 'permitted-by-consent',
    exception: null,
    described: 1,
    basis: '[]',
    subjects: JSON.stringify([patient.subject]),
  });
  changes.add('access_subject', { subject: patient.subject, position });
}
