import { Buffer } from 'node:buffer';
import { hash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** Version of the shapes that are signed, hashed or kept: the `v` of every command and every private value. */
export const SCHEMA_VERSION = 1;

/** Everything that JSON can say. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * Canonical JSON (RFC 8785). The only place that makes text to be signed or hashed. Absent properties are
 * left out.
 * @throws TypeError for what JSON cannot say, and for strings with a lone surrogate (RFC 8785 section
 *   3.2.2.2).
 */
export function canonicalText(value: object): string {
  let text: string | undefined;
  try {
    text = canonicalize(value);
  } catch (cause) {
    throw new TypeError('A value that canonical JSON cannot say.', { cause });
  }
  if (text === undefined) throw new TypeError('A value that canonical JSON cannot say.');
  return text;
}

/** UTF-8 bytes of {@link canonicalText}. */
export function canonicalBytes(value: object): Buffer {
  return Buffer.from(canonicalText(value), 'utf8');
}

/** SHA-256 of bytes, or of a text's UTF-8 bytes, as base64url. */
export function sha256(content: Uint8Array | string): string {
  return hash('sha256', content, 'base64url');
}

/** SHA-256 of a value's canonical JSON, as base64url. */
export function digestOf(value: object): string {
  return sha256(canonicalText(value));
}
