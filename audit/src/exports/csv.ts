import { stringify } from 'csv-stringify/sync';
import type { AnswerRow, Cell, Page } from '../questions/question.js';

/**
 * CSV (RFC 4180) of pages as they come, in constant memory. A cell that a spreadsheet would take for a formula gets an apostrophe before
 * it (OWASP, "CSV Injection").
 */
export async function* csvOf(columns: readonly string[], pages: AsyncIterable<Page>): AsyncGenerator<string> {
  yield lines([columns]);
  for await (const { rows } of pages)
    if (rows.length > 0) yield lines(rows.map((row) => columns.map((column) => cellText(row[column]))));
}

function lines(records: readonly (readonly string[])[]): string {
  return stringify(
    records.map((record) => [...record]),
    { escape_formulas: true, record_delimiter: 'windows' },
  );
}

/** A cell as one text: lists of words with spaces between, anything deeper as JSON. */
export function cellText(cell: Cell): string {
  if (cell === null || cell === undefined) return '';
  if (typeof cell !== 'object') return String(cell);
  const isPlain = (one: Cell): boolean => typeof one === 'string' || typeof one === 'number';
  return Array.isArray(cell) && cell.every(isPlain) ? cell.join(' ') : JSON.stringify(cell);
}

/** One JSON object on each line, in constant memory. */
export async function* jsonLinesOf(pages: AsyncIterable<Page>): AsyncGenerator<string> {
  for await (const { rows } of pages)
    if (rows.length > 0) yield rows.map((row: AnswerRow) => `${JSON.stringify(row)}\n`).join('');
}
