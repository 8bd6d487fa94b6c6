import { z } from 'zod';
import { transactionSchema } from './shared.js';

/** Compact JWS. */
const jws = z
  .string()
  .min(20)
  .max(64 * 1024)
  .regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/, 'must be a compact JWS');

export const releaseBody = z.strictObject({ request: jws }).meta({ id: 'ReleaseRequest' });

export const receiptParams = z.strictObject({ jti: z.string().regex(/^[A-Za-z0-9_-]{22,64}$/) });
export const receiptBody = z.strictObject({ receipt: jws }).meta({ id: 'Receipt' });
export const receiptLogged = transactionSchema;

/** The media type of the answer to a release request; docs/architecture.md section 5 has the frames. */
export const RELEASE_MEDIA_TYPE = 'application/vnd.consent-ledger.release';
