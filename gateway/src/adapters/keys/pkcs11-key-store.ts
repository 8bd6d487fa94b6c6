import { randomBytes } from 'node:crypto';
import type { Handle } from 'pkcs11js';
import type { KeyStore } from '../../ports/key-store.js';
import { Refusal } from '../../usecases/refusal.js';
import { closeToken, openToken, type OpenToken, type TokenSettings } from './pkcs11-token.js';
import { additionalData, NONCE_BYTES, SEAL_VERSION, TAG_BYTES, takeApart } from './sealing.js';

const KEY_BYTES = 32;
const ID_BYTES = 8;

/**
 * The custodian's key in a PKCS#11 device: made there where there is none and `mayMake` allows it, and never out of it. What it seals
 * has the form of `sealing.ts`. Rejects with an Error that says what to do where it cannot be used.
 */
export async function openPkcs11KeyStore(settings: TokenSettings, mayMake: boolean): Promise<KeyStore> {
  const token = await openToken(settings);
  try {
    const key = findKey(token, settings) ?? makeKey(token, settings, mayMake);
    requireStaying(token, key, settings);
    return keyStoreOf(token, key);
  } catch (error) {
    closeToken(token);
    throw error;
  }
}

function keyStoreOf(token: OpenToken, key: Handle): KeyStore {
  const { module, names, session } = token;
  // A session does one thing at a time.
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  const mechanism = (nonce: Uint8Array, purpose: string) => ({
    mechanism: names.CKM_AES_GCM,
    parameter: {
      type: names.CK_PARAMS_AES_GCM,
      iv: Buffer.from(nonce),
      aad: additionalData(purpose),
      ivBits: NONCE_BYTES * 8,
      tagBits: TAG_BYTES * 8,
    },
  });
  return {
    keyId: `pkcs11:${idOf(token, key)}`,
    seal: (content, purpose) =>
      inTurn(async () => {
        const nonce = randomBytes(NONCE_BYTES);
        try {
          module.C_EncryptInit(session, mechanism(nonce, purpose), key);
          const room = Buffer.alloc(content.length + TAG_BYTES);
          const ciphertext = await module.C_EncryptAsync(session, Buffer.from(content), room);
          return Buffer.concat([Buffer.of(SEAL_VERSION), nonce, ciphertext]);
        } catch (cause) {
          throw new Refusal('store-unavailable', { cause });
        }
      }),
    open: (sealed, purpose) =>
      inTurn(async () => {
        const { nonce, ciphertext } = takeApart(sealed);
        try {
          module.C_DecryptInit(session, mechanism(nonce, purpose), key);
          const room = Buffer.alloc(ciphertext.length);
          return await module.C_DecryptAsync(session, Buffer.from(ciphertext), room);
        } catch (cause) {
          if (isOfContent(cause)) throw new Error('not what this key sealed for that', { cause });
          throw new Refusal('store-unavailable', { cause });
        }
      }),
    close: () =>
      inTurn(() => {
        closeToken(token);
        return Promise.resolve();
      }),
  };
}

function findKey({ module, names, session }: OpenToken, { key }: TokenSettings): Handle | undefined {
  module.C_FindObjectsInit(session, [
    { type: names.CKA_CLASS, value: names.CKO_SECRET_KEY },
    { type: names.CKA_LABEL, value: key },
  ]);
  const found = module.C_FindObjects(session, 2);
  module.C_FindObjectsFinal(session);
  if (found.length > 1)
    throw new Error(`there are several keys with the label ${key}: name another, or give one another label`);
  return found[0];
}

function makeKey(
  { module, names, session }: OpenToken,
  { key, token }: TokenSettings,
  mayMake: boolean,
): Handle {
  if (!mayMake)
    throw new Error(
      `the key ${key} is gone from ${token}, and what was sealed under it cannot be opened: restore it`,
    );
  return module.C_GenerateKey(session, { mechanism: names.CKM_AES_KEY_GEN }, [
    { type: names.CKA_LABEL, value: key },
    { type: names.CKA_ID, value: randomBytes(ID_BYTES) },
    { type: names.CKA_VALUE_LEN, value: KEY_BYTES },
    { type: names.CKA_TOKEN, value: true },
    { type: names.CKA_PRIVATE, value: true },
    { type: names.CKA_SENSITIVE, value: true },
    { type: names.CKA_EXTRACTABLE, value: false },
    { type: names.CKA_ENCRYPT, value: true },
    { type: names.CKA_DECRYPT, value: true },
  ]);
}

/** A key that the device would hand out is no better than a file. */
function requireStaying({ module, names, session }: OpenToken, handle: Handle, { key }: TokenSettings): void {
  const [sensitive, extractable] = module.C_GetAttributeValue(session, handle, [
    { type: names.CKA_SENSITIVE },
    { type: names.CKA_EXTRACTABLE },
  ]);
  const isTrue = (value: unknown): boolean => Buffer.isBuffer(value) && value[0] === 1;
  if (!isTrue(sensitive?.value) || isTrue(extractable?.value))
    throw new Error(`the key ${key} can be taken out of its token: make it sensitive and not extractable`);
}

function idOf({ module, names, session }: OpenToken, handle: Handle): string {
  const [id] = module.C_GetAttributeValue(session, handle, [{ type: names.CKA_ID }]);
  if (!Buffer.isBuffer(id?.value) || id.value.length === 0)
    throw new Error('the key has no CKA_ID: give it one');
  return id.value.toString('hex');
}

/** CKR_ENCRYPTED_DATA_INVALID, CKR_ENCRYPTED_DATA_LEN_RANGE; CKR_GENERAL_ERROR is how some devices say it. */
const CONTENT_CODES = new Set([0x40, 0x41, 0x05]);

function isOfContent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && CONTENT_CODES.has(error.code as number);
}
