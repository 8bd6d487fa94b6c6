import { existsSync } from 'node:fs';
import { openFileKeyStore } from '../adapters/keys/file-key-store.js';
import { openPkcs11KeyStore } from '../adapters/keys/pkcs11-key-store.js';
import { openVault, type SqliteVault } from '../adapters/keys/sqlite-vault.js';
import { openFileStore } from '../adapters/records/file-store.js';
import { openS3Store } from '../adapters/records/s3-store.js';
import type { RecordStore } from '../ports/record-store.js';
import type { Closers } from './closers.js';
import type { Foundation } from './foundation.js';

/** Where a custodian's records lie, and the keys that open them. */
export async function openStores(
  { configuration, inData, now }: Foundation,
  closers: Closers,
): Promise<{ readonly records: RecordStore; readonly vault: SqliteVault }> {
  const vaultFile = inData('keys/vault.db');
  const { keyStore: settings } = configuration;
  const mayMake = !existsSync(vaultFile);
  const keyStore = closers.add(
    settings.kind === 'pkcs11'
      ? await openPkcs11KeyStore(settings, mayMake)
      : openFileKeyStore(inData('keys/master.key'), mayMake),
  );
  const vault = closers.add(await openVault(vaultFile, keyStore));
  const records =
    configuration.records.kind === 's3'
      ? closers.add(await openS3Store(configuration.records, now))
      : await openFileStore(inData('records'));
  return { records, vault };
}
