import type * as Pkcs11 from 'pkcs11js';
import { privateText } from './secret-file.js';

/** How a token of a PKCS#11 device is found and opened. */
export interface TokenSettings {
  /** Path of the library that speaks to the device. */
  readonly library: string;
  /** Label of the token. */
  readonly token: string;
  /** Label of the key in it. */
  readonly key: string;
  /** File of mode 0600 that holds the PIN of the token's user. */
  readonly pinFile: string;
}

export interface OpenToken {
  readonly module: Pkcs11.PKCS11;
  readonly session: Pkcs11.Handle;
  readonly names: typeof Pkcs11;
}

/** pkcs11js holds a binary that npm builds only where it is allowed to, and only custodians with a device need it. */
async function loadNames(): Promise<typeof Pkcs11> {
  try {
    const loaded = (await import('pkcs11js')) as unknown as { default: typeof Pkcs11 };
    return loaded.default;
  } catch (cause) {
    const what = 'the key store pkcs11 needs the package pkcs11js, built on this machine';
    throw new Error(`${what}: npm rebuild pkcs11js --ignore-scripts=false`, { cause });
  }
}

/** Logs in to the token of that label. Throws an Error that says what is missing. */
export async function openToken({ library, token, pinFile }: TokenSettings): Promise<OpenToken> {
  const names = await loadNames();
  const module = new names.PKCS11();
  module.load(library);
  module.C_Initialize();
  try {
    const slot = module
      .C_GetSlotList(true)
      .find((each) => module.C_GetTokenInfo(each).label.trimEnd() === token);
    if (slot === undefined) throw new Error(`${library} has no token with the label ${token}`);
    const session = module.C_OpenSession(slot, names.CKF_SERIAL_SESSION | names.CKF_RW_SESSION);
    module.C_Login(session, names.CKU_USER, privateText(pinFile));
    return { module, session, names };
  } catch (error) {
    module.C_Finalize();
    module.close();
    throw error;
  }
}

export function closeToken({ module, session }: OpenToken): void {
  module.C_Logout(session);
  module.C_CloseSession(session);
  module.C_Finalize();
  module.close();
}
