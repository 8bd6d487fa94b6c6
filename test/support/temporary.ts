import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A folder for one test file's work, removed with all in it when its tests are over. */
export function temporaryFolder(): { readonly path: string } {
  let folder: string | undefined;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'consent-ledger-'));
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  });
  return {
    get path() {
      if (folder === undefined) throw new Error('the folder exists only while tests run');
      return folder;
    },
  };
}
