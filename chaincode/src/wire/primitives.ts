import { z } from 'zod';
import { decodeBase64Url } from './base64url.js';

/*
 * The words that every message is made of. Nothing here is free text unless it says so: what is not one of
 * these shapes is refused at the boundary.
 */

/**
 * FHIR id (R4 2.24.0.1): ids of subjects, records and consents are the custodian's own. `.` and `..` are none here: no
 * address can name them, and a consent that no address names could not be withdrawn.
 */
export const fhirId = z.string().regex(/^(?!\.{1,2}$)[A-Za-z0-9.-]{1,64}$/);

/** Id of a member's MSP; narrower than Fabric's own rule, since it stands in names of collections. */
export const mspId = z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/);

/** Short name of a member; `Organization/<name>` is the member in FHIR. */
export const memberName = z.string().regex(/^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,39}$/);

/** Lower-case hex SHA-256 of the genesis block's header. */
export const ledgerId = z.string().regex(/^[0-9a-f]{64}$/);

/** Fabric transaction id. */
export const transactionId = z.string().regex(/^[0-9a-f]{64}$/);

/** Canonical base64url of `count` bytes. */
export function base64UrlBytes(count: number): z.ZodString {
  const length = Math.ceil((count * 4) / 3);
  return z
    .string()
    .length(length)
    .refine((text) => decodeBase64Url(text)?.length === count);
}

/** Canonical base64url of 1 to `most` bytes. */
export function base64UrlText(most: number): z.ZodString {
  return z
    .string()
    .min(2)
    .max(Math.ceil((most * 4) / 3))
    .refine((text) => decodeBase64Url(text) !== undefined);
}

/** SHA-256, base64url. */
export const digest = base64UrlBytes(32);

/** What a caller puts into a command, so that its values need no randomness of the chaincode. */
export const commandSalt = base64UrlBytes(32);

/** What a private value carries, so that its hash tells nothing. */
export const valueSalt = base64UrlBytes(16);

/** Unique id of a request: at least 128 random bits. */
export const jti = z.string().regex(/^[A-Za-z0-9_-]{22,64}$/);

/** A person's pseudonym at a member. */
export const pseudonym = z.string().regex(/^[A-Za-z0-9_-]{16,128}$/);

/** RFC 7638 thumbprint (SHA-256) of a key. */
export const kid = base64UrlBytes(32);

/** FHIR instant in UTC with milliseconds, the only form that the ledger writes. */
export const instant = z
  .string()
  .regex(/^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/);

/** FHIR instant, dateTime or date, as a custodian states it. */
export const fhirDate = z
  .string()
  .regex(/^\d{4}(?:-\d{2}(?:-\d{2}(?:T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2}))?)?)?$/);

/** Relative FHIR reference such as `Practitioner/7f3a`. */
export const reference = z.string().regex(/^[A-Za-z]{1,40}\/[A-Za-z0-9.-]{1,64}$/);

/** A code without its system, or `system|code`. */
export const code = z.string().regex(/^[!-~]{1,256}$/);

/** URI of a code system, short enough that `system|code` is a `code`. */
export const codeSystem = z.string().regex(/^[a-z][a-z0-9+.-]{1,15}:[!-{}~]{1,175}$/);

/** A word out of a list that the custodian keeps; never free text, which could name a person. */
export const codedReason = z.string().regex(/^[A-Za-z0-9.-]{1,64}$/);

export const coding = z.strictObject({ system: z.string().regex(/^[!-~]{1,256}$/), code });

/** Key of a private value: `<kind>/<hex HMAC>`. */
export const privateKeyText = z.string().regex(/^[a-z]{1,16}\/[0-9a-f]{64}$/);

export const eventKey = z.string().regex(/^event\/[0-9a-f]{64}$/);

export const slipKey = z.string().regex(/^slip\/[0-9a-f]{64}$/);

export const withdrawnKey = z.string().regex(/^withdrawn\/[0-9a-f]{64}$/);

/** Media type without parameters (RFC 6838 section 4.2). */
export const mediaType = z
  .string()
  .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/);

/** Sizes in bytes. */
export const byteCount = z.int().min(0);

/** Seconds since 1970 (RFC 7519 NumericDate, whole seconds). */
export const numericDate = z.int().min(0).max(253_402_300_799);

export const version = z.int().min(1);

/** A list without duplicates. */
export function unique<Item extends z.ZodType<string>>(
  item: Item,
  least: number,
  most: number,
): z.ZodArray<Item> {
  return z
    .array(item)
    .min(least)
    .max(most)
    .refine((items) => new Set(items).size === items.length);
}
