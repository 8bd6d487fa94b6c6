import { labelTableOf, labelTableSchema, type LabelTable } from '../../usecases/labelling/label-table.js';
import { readTable } from '../tables/read-table.js';

/** Parses a label table, YAML or JSON. `file` stands in messages. Throws a TableError. */
export function readLabelTable(text: string, file: string): LabelTable {
  return labelTableOf(readTable(text, file, 'label table', labelTableSchema));
}
