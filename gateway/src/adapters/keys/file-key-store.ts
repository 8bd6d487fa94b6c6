import { createHmac } from 'node:crypto';
import type { KeyStore } from '../../ports/key-store.js';
import { seal, unseal } from './sealing.js';
import { secretFile } from './secret-file.js';

/**
 * The custodian's key in a file of mode 0600, made where there is none and `mayMake` allows it. Whoever can read the file has the
 * key, so backups of it belong elsewhere than those of what it seals. Throws an Error that says what to do where it cannot be used.
 */
export function openFileKeyStore(path: string, mayMake: boolean): KeyStore {
  const key = secretFile(path, mayMake);
  return {
    keyId: `file:${createHmac('sha256', key).update('key id').digest('hex').slice(0, 16)}`,
    seal: (content, purpose) => Promise.resolve(seal(content, key, purpose)),
    open: (sealed, purpose) =>
      new Promise((resolve) => {
        resolve(unseal(sealed, key, purpose));
      }),
    close: () => {
      key.fill(0);
      return Promise.resolve();
    },
  };
}
