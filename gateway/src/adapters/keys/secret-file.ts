import { randomBytes } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';

const SECRET_BYTES = 32;

/**
 * A secret of 32 bytes in a file of mode 0600, made where there is none and `mayMake` allows it. Throws an Error that says what to
 * do where the file is readable by others, is damaged, or is gone.
 */
export function secretFile(path: string, mayMake: boolean): Buffer {
  if (!existsSync(path)) {
    if (!mayMake)
      throw new Error(`${path} is gone, and what was sealed under it cannot be opened: restore it`);
    const secret = randomBytes(SECRET_BYTES);
    writeOnce(path, secret);
    return secret;
  }
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`);
  const secret = readFileSync(path);
  if (secret.length !== SECRET_BYTES)
    throw new Error(`${path} does not hold ${SECRET_BYTES} bytes: restore it`);
  return secret;
}

/** A secret that is a text, such as a password, in a file of mode 0600. Throws an Error where others can read it. */
export function privateText(path: string): string {
  if ((statSync(path).mode & 0o077) !== 0) throw new Error(`${path} can be read by others: chmod 600 it`);
  return readFileSync(path, 'utf8').trim();
}

/** Under its name is the whole of it, or nothing, whatever happens meanwhile. */
export function writeOnce(path: string, content: Buffer): void {
  const temporary = `${path}.new`;
  const file = openSync(temporary, 'w', 0o600);
  writeSync(file, content);
  fsyncSync(file);
  closeSync(file);
  renameSync(temporary, path);
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
