import { decodeBase64Url, encodeBase64Url } from '../base64url.js';
import { derSignature } from '../der-signature.js';
import type { SubjectKey } from '../values/subject-keys.js';
import { isSignedByPerson } from './person-key.js';
import { statementBytes, type Statement } from './statement.js';

/** `typ` of a statement that is signed as JWS. */
export const STATEMENT_TYP = 'consent-ledger-statement+jws';

export interface StatementJwsHeader {
  readonly alg: 'ES256' | 'EdDSA';
  readonly kid: string;
}

/**
 * Header of a detached JWS, which is exactly `{alg, kid, typ}`: no embedded key, no `crit`, nothing more and
 * nothing less (RFC 8725 sections 3.1 and 3.11).
 * @returns undefined for everything else
 */
export function readStatementHeader(jws: string): StatementJwsHeader | undefined {
  const header = parseJson(decodeBase64Url(jws.slice(0, jws.indexOf('.'))));
  if (typeof header !== 'object' || header === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(header));
  const alg = fields.get('alg');
  const kid = fields.get('kid');
  if (fields.size !== 3 || fields.get('typ') !== STATEMENT_TYP || typeof kid !== 'string') return undefined;
  return alg === 'ES256' || alg === 'EdDSA' ? { alg, kid } : undefined;
}

/** Whether a detached JWS (RFC 7515 appendix F) is the key's over that statement. */
export function isStatementJws(jws: string, statement: Statement, key: SubjectKey): boolean {
  const header = readStatementHeader(jws);
  const alg = key.jwk.kty === 'EC' ? 'ES256' : 'EdDSA';
  if (header?.kid !== key.key || header.alg !== alg || key.passkey !== undefined) return false;
  const signature = decodeBase64Url(jws.slice(jws.lastIndexOf('.') + 1));
  if (signature?.length !== 64) return false;
  const signed = `${jws.slice(0, jws.indexOf('.'))}.${encodeBase64Url(statementBytes(statement))}`;
  return isSignedByPerson(
    key.jwk,
    Buffer.from(signed, 'latin1'),
    alg === 'ES256' ? derSignature(signature) : signature,
  );
}

function parseJson(bytes: Buffer | undefined): unknown {
  if (bytes === undefined) return undefined;
  try {
    return JSON.parse(UTF8.decode(bytes)) as unknown;
  } catch {
    return undefined; // Not UTF-8 or not JSON: no header.
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
