import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LabelTables } from '../../ports/label-tables.js';
import { labelTableOf, labelTableSchema, type LabelTable } from '../../usecases/labelling/label-table.js';
import { writeOnce } from '../keys/secret-file.js';
import { readLabelTable } from './read-label-table.js';

/** The one that comes with the product. */
const DEFAULT = fileURLToPath(new URL('../../../labels/default.yaml', import.meta.url));

/**
 * The member's own table, or the product's, and in `directory` a copy of every table that was ever used, under its digest: what a
 * descriptor names can be explained after the table was edited. Throws an Error that names each mistake in the file with its line.
 */
export function openLabelTables(file: string | undefined, directory: string): LabelTables {
  const path = file ?? DEFAULT;
  const current = readLabelTable(readFileSync(path, 'utf8'), path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const name = `${current.digest}.json`;
  if (!readdirSync(directory).includes(name)) {
    writeOnce(join(directory, name), Buffer.from(JSON.stringify(current.text)));
  }
  const known = new Map([[current.digest, current]]);
  return {
    current,
    earlier(digest) {
      const found = known.get(digest) ?? readCopy(directory, digest);
      if (found !== undefined) known.set(digest, found);
      return found;
    },
  };
}

/** A copy that is not what its name says explains nothing. */
function readCopy(directory: string, digest: string): LabelTable | undefined {
  if (!readdirSync(directory).includes(`${digest}.json`)) return undefined;
  const text = JSON.parse(readFileSync(join(directory, `${digest}.json`), 'utf8')) as unknown;
  const parsed = labelTableSchema.safeParse(text);
  const table = parsed.success ? labelTableOf(parsed.data) : undefined;
  return table?.digest === digest ? table : undefined;
}
