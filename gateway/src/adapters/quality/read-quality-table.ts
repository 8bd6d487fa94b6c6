import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  qualityTableOf,
  qualityTableSchema,
  type QualityTable,
} from '../../usecases/quality/quality-table.js';
import { readTable } from '../tables/read-table.js';

/** The one that comes with the product. */
const DEFAULT = fileURLToPath(new URL('../../../quality/default.yaml', import.meta.url));

/** The member's own table, or the product's. Throws a TableError that names each mistake in the file with its line. */
export function openQualityTable(file: string | undefined): QualityTable {
  const path = file ?? DEFAULT;
  return readQualityTable(readFileSync(path, 'utf8'), path);
}

/** Parses a quality table, YAML or JSON. `file` stands in messages. Throws a TableError. */
export function readQualityTable(text: string, file: string): QualityTable {
  return qualityTableOf(readTable(text, file, 'quality table', qualityTableSchema));
}
