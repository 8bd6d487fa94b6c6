import { z } from 'zod';
import { compactJws, transactionSchema } from './shared.js';

const jws = compactJws(64 * 1024);

export const releaseBody = z.strictObject({ request: jws }).meta({ id: 'ReleaseRequest' });

export const receiptParams = z.strictObject({ jti: z.string().regex(/^[A-Za-z0-9_-]{22,64}$/) });
export const receiptBody = z.strictObject({ receipt: jws }).meta({ id: 'Receipt' });
export const receiptLogged = transactionSchema;

/** The media type of the answer to a release request; docs/architecture.md section 5 has the frames. */
export const RELEASE_MEDIA_TYPE = 'application/vnd.consent-ledger.release';
