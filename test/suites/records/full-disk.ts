/** Keeps a record that does not fit onto the disk, then one that does, and says what came of them. */
import { openFileStore } from '@consent-ledger/gateway/internal/adapters/records/file-store';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import { bytesOf, streamOf } from './keeping.js';

// A write beyond the limit fails, as it does on a full disk, instead of ending the process.
process.on('SIGXFSZ', () => undefined);

const store = await openFileStore(process.argv[2] ?? '');
const outcome = async (size: number): Promise<string> => {
  try {
    await store.keep(streamOf(bytesOf(size)), () => undefined);
    return 'kept';
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error);
  }
};
process.stdout.write(`${await outcome(20 * 1024 ** 2)} ${await outcome(1_000)}\n`);
