import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { Refusal } from '../../usecases/refusal.js';

const cursorSchema = z.strictObject({
  /** Parameters of the first page. */
  asked: z.array(z.tuple([z.string(), z.string()])),
  /** Where the page before ended. */
  after: z.string(),
});
export type Cursor = z.infer<typeof cursorSchema>;

const NONCE = 12;
const TAG = 16;

/**
 * Seals where a list goes on, so that a link says nothing of the search, and nobody can make one up. `place` is what the
 * cursor is for; one for something else does not open.
 */
export class Cursors {
  readonly #key: Buffer;

  constructor(secret: Uint8Array) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'consent-ledger fhir cursor', 32));
  }

  seal(cursor: Cursor, place: string): string {
    const nonce = randomBytes(NONCE);
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonce).setAAD(Buffer.from(place));
    const sealed = [cipher.update(JSON.stringify(cursor), 'utf8'), cipher.final()];
    return Buffer.concat([nonce, ...sealed, cipher.getAuthTag()]).toString('base64url');
  }

  /** Throws a Refusal `parameter-malformed`. */
  open(text: string, place: string): Cursor {
    const bytes = Buffer.from(text, 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, NONCE))
        .setAAD(Buffer.from(place))
        .setAuthTag(bytes.subarray(-TAG));
      const opened = [decipher.update(bytes.subarray(NONCE, -TAG)), decipher.final()];
      return cursorSchema.parse(JSON.parse(Buffer.concat(opened).toString('utf8')));
    } catch (cause) {
      const errors = [
        { path: 'query._cursor', message: 'must be from the link `next` of a page of this list' },
      ];
      throw new Refusal('parameter-malformed', { errors, cause });
    }
  }
}
