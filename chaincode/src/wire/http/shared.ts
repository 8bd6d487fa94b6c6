import { z } from 'zod';

/** FHIR id (R4, 2.24.0.1). */
export const idSchema = z
  .string()
  .regex(/^[A-Za-z0-9.-]{1,64}$/, 'must be 1 to 64 letters, digits, hyphens and dots')
  .refine((id) => id !== '.' && id !== '..', 'must be more than dots: no address can name it');

/** `Organization/<name>`: a member as FHIR refers to it. */
export const memberReferenceSchema = z
  .string()
  .regex(/^Organization\/[a-z][a-z0-9-]{0,39}$/, 'must be Organization/<name of a member>')
  .meta({ examples: ['Organization/riverside'] });

/** A purpose of use: a v3 ActReason code, or system|code. */
export const purposeSchema = z
  .string()
  .regex(/^[!-~]{1,256}$/, 'must be a code, or system|code')
  .meta({ examples: ['TREAT'] });

/** Where a transaction stands on the ledger. */
export const transactionSchema = z
  .strictObject({
    transaction: z.string().describe('id of the transaction'),
    block: z.int().min(0).describe('number of the block that it is in'),
  })
  .meta({ id: 'Transaction' });

/** Between gateways: an access event as the custodian's peer has it, for the requester to look for on its own. */
export const loggedEvent = z.strictObject({
  key: z.string().regex(/^event\/[0-9a-f]{64}$/),
  value: z.string().max(262_144).describe('base64url of the bytes of the event'),
  transaction: z.string().regex(/^[0-9a-f]{64}$/),
  block: z.int().min(0),
});

/** Compact JWS of at most so many characters. */
export function compactJws(most: number): z.ZodString {
  return z
    .string()
    .min(20)
    .max(most)
    .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, 'must be a compact JWS');
}

/** A query parameter that may be repeated. */
export function repeatable<Item extends z.ZodType<string>>(item: Item, most: number): RepeatableSchema<Item> {
  return z.preprocess(
    (value) => (typeof value === 'string' ? [value] : value),
    z.array(item).min(1).max(most),
  );
}

type RepeatableSchema<Item extends z.ZodType<string>> = z.ZodPreprocess<z.ZodArray<Item>>;

/** At an oversight member's gateway: whose consents are meant. */
export const custodianQuerySchema = z.strictObject({
  custodian: memberReferenceSchema.optional().describe('needed at the gateway of an oversight member'),
});

export const idParams = z.strictObject({ id: idSchema });

export const noQuery = z.strictObject({});

/** How a list is asked for page by page; a cursor has the form that its list gives it. */
export function pageOf(cursor: RegExp): {
  readonly after: z.ZodOptional<z.ZodString>;
  readonly limit: z.ZodDefault<z.ZodCoercedNumber>;
} {
  return {
    after: z
      .string()
      .regex(cursor, 'must be `next` of a page')
      .optional()
      .describe('`next` of the page before'),
    limit: z.coerce.number().int().min(1).max(200).default(50),
  };
}

/** Of a list whose cursor is a number. */
export const numberedPage = pageOf(/^[1-9]\d{0,14}$/);
