import type { z } from '@consent-ledger/chaincode/wire';
import type { Kysely } from 'kysely';
import type { Tables } from '../projection/tables.js';
import type { UnusualAnalyses } from '../unusual/unusual-analyses.js';

/** What one line of an answer may hold. */
export type Cell =
  string | number | boolean | null | undefined | readonly Cell[] | { readonly [name: string]: Cell };
export type AnswerRow = Readonly<Record<string, Cell>>;

/** What a question is asked with, beside its parameters. */
export interface Asking {
  readonly db: Kysely<Tables>;
  /** Epoch milliseconds: what "overdue" and "about to" are meant from. */
  readonly now: number;
  /** Rows on a page, at most. */
  readonly limit: number;
  /** Where the page before ended; stays good for ever, since what is there never moves. */
  readonly cursor?: string;
  /** What unusual access is answered from; absent: made for one page, without findings and families. */
  readonly unusual?: UnusualAnalyses;
}

export interface Page {
  readonly rows: readonly AnswerRow[];
  /** Absent on the last page. */
  readonly next?: string;
  /** What the answer as a whole rests on, where a question says. */
  readonly about?: AnswerRow;
}

/** One question that an auditor asks. */
export interface Question<Shape extends z.ZodRawShape = z.ZodRawShape> {
  readonly name: string;
  /** One sentence for help and OpenAPI. */
  readonly summary: string;
  /** Parameters as text, as they stand in a query or on a command line; those that must be there are not optional. */
  readonly parameters: z.ZodObject<Shape>;
  /** Columns of tables and CSV, in their order. */
  readonly columns: readonly string[];
  ask(asking: Asking, parameters: z.output<z.ZodObject<Shape>>): Promise<Page>;
}

/** Keeps the types of a question's parameters together. */
export function question<Shape extends z.ZodRawShape>(asked: Question<Shape>): Question {
  return asked;
}

/** All pages, one after the other: so many rows at a time are in memory as are on one. */
export async function* everyPage(
  asked: Question,
  asking: Asking,
  parameters: Readonly<Record<string, unknown>>,
): AsyncGenerator<Page> {
  let { cursor } = asking;
  do {
    const page = await asked.ask({ ...asking, ...(cursor !== undefined && { cursor }) }, parameters);
    yield page;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** A page out of one row more than it may have. */
export function pageOf<Found>(
  found: readonly Found[],
  limit: number,
  cursorOf: (row: Found) => string,
  toRow: (row: Found) => AnswerRow,
): Page {
  const shown = found.slice(0, limit);
  const last = shown.at(-1);
  return {
    rows: shown.map(toRow),
    ...(found.length > limit && last !== undefined && { next: cursorOf(last) }),
  };
}

export function instant(at: number): string {
  return new Date(at).toISOString();
}
