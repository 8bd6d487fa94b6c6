import { primitives, z } from '@consent-ledger/chaincode/wire';

/* What questions are narrowed by; each is text, as it stands in a query or on a command line. */

const DATE = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

const day = z
  .string()
  .regex(DATE, 'must be a date such as 2026-03-01, or an instant such as 2026-03-01T08:00:00Z')
  .refine((text) => !Number.isNaN(Date.parse(text)), 'is no date');

/** Epoch milliseconds; a date alone is its first instant, UTC. */
export const since = day
  .transform((text) => Date.parse(text))
  .optional()
  .describe('from this date or instant on');
export const until = day
  .transform((text) => Date.parse(text))
  .optional()
  .describe('before this date or instant');

export const { fhirId } = primitives;
export const subject = fhirId.optional().describe('subject, by the pseudonym that the custodian gave');
export const record = fhirId.optional().describe("record, by the custodian's id");
export const member = primitives.mspId.optional().describe('requesting member, by its MSP id');
export const custodian = primitives.mspId.optional().describe('custodian, by its MSP id');
export const user = primitives.pseudonym.optional().describe("user, by the requesting member's pseudonym");
export const outcome = z.enum(['permit', 'deny']).optional().describe('how it was decided');
export const purpose = primitives.code.optional().describe('purpose of use that was stated');
export const emergency = z.enum(['true', 'false']).optional().describe('whether the glass was broken');

export const ACCESS_FILTERS = {
  subject,
  record,
  member,
  custodian,
  user,
  outcome,
  purpose,
  emergency,
  since,
  until,
} as const;

/** A position, or a position and a place, as a cursor holds them. */
export function readCursor(cursor: string | undefined): readonly [number, number] | undefined {
  if (cursor === undefined) return undefined;
  const [, position, place] = /^(\d{1,16})(?:\.(\d{1,6}))?$/.exec(cursor) ?? [];
  if (position === undefined) throw new BadCursor();
  return [Number(position), Number(place ?? -1)];
}

/** It is not from a page of this list. */
export class BadCursor extends Error {
  override readonly name = 'BadCursor';

  constructor() {
    super('must be `next` of a page of the same list');
  }
}
