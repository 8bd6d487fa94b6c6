import { EVIDENCE_HEADER, fhirEvidenceSchema } from '@consent-ledger/chaincode/wire/http';
import type { z } from 'zod';
import { Refusal } from '../../usecases/refusal.js';
import { refusalOfInput } from '../problems.js';

const PLACE = `header.${EVIDENCE_HEADER}`;

export type FhirEvidence = z.output<typeof fhirEvidenceSchema>;

/** Undefined where no header came. Throws a Refusal `parameter-malformed`. */
export function evidenceOf(headers: {
  readonly [EVIDENCE_HEADER]?: string | undefined;
}): FhirEvidence | undefined {
  const header = headers[EVIDENCE_HEADER];
  if (header === undefined || header === '') return undefined;
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
  } catch (cause) {
    throw new Refusal('parameter-malformed', {
      errors: [{ path: PLACE, message: 'must be base64url of JSON' }],
      cause,
    });
  }
  const parsed = fhirEvidenceSchema.safeParse(value);
  if (!parsed.success) throw refusalOfInput(parsed.error, PLACE);
  return parsed.data;
}

/** Throws a Refusal `parameter-malformed`. */
export function requireEvidence(headers: Parameters<typeof evidenceOf>[0]): FhirEvidence {
  const evidence = evidenceOf(headers);
  if (evidence !== undefined) return evidence;
  const message = 'is needed: how it is known who gave the consent, as base64url of JSON';
  throw new Refusal('parameter-malformed', { errors: [{ path: PLACE, message }] });
}
