import { userInfo } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  BadCursor,
  bundleOf,
  cellText,
  csvOf,
  disclosureReport,
  everyPage,
  jsonLinesOf,
  QuestionLog,
  QUESTIONS,
  ReportTooLong,
  type AccessFilter,
  type Asking,
  type Page,
  type Question,
  yearsBefore,
} from '@consent-ledger/audit';
import { Command, InvalidArgumentError, Option } from 'commander';
import { catchUp } from '../audit/catch-up.js';
import {
  asUserError,
  openAudited,
  withProjectionOptions,
  type Audited,
  type ProjectionOptions,
} from '../audit/projection-options.js';
import { unusualAnalyses, withFamilies, type FamiliesOption } from '../audit/unusual-options.js';
import { writeWhole } from '../files.js';
import { table } from '../terminal/table.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { badInput, EXIT } from '../user-error.js';

const FORMATS = ['table', 'json', 'ndjson', 'csv', 'pdf', 'fhir'] as const;
type Format = (typeof FORMATS)[number];

interface QuestionOptions extends ProjectionOptions, FamiliesOption {
  readonly format: Format;
  readonly json?: true;
  readonly limit: number;
  readonly cursor?: string;
  readonly out?: string;
  readonly follow: boolean;
}

/** What comes page by page: rows on a page of these, and on one of an export. */
const PAGE = 100;
const EXPORT_PAGE = 1_000;

/** What a question is asked about, where it is about one thing. */
const ARGUMENT: Readonly<Record<string, string>> = { subject: 'subject', record: 'record' };

/** `consent-ledger audit subject`, `audit record`, `audit accesses` and so on: one for each question of the catalogue. */
export function auditQuestionVerbs(done: (exitCode: number) => void): Command[] {
  return QUESTIONS.map((question) => verbOf(question, done));
}

function verbOf(question: Question, done: (exitCode: number) => void): Command {
  const command = withProjectionOptions(new Command(question.name)).description(question.summary);
  const argument = ARGUMENT[question.name];
  for (const [name, schema] of Object.entries(question.parameters.shape)) {
    const described = (schema as { description?: string }).description ?? '';
    if (name === argument) command.argument(`<${name}>`, described);
    else command.option(`--${name} <${name}>`, described);
  }
  if (question.name === 'unusual') withFamilies(command);
  const formats = FORMATS.filter(
    (format) => (format !== 'pdf' && format !== 'fhir') || isExported(question, format),
  );
  return command
    .addOption(new Option('--format <format>', 'how it is written').choices(formats).default('table'))
    .option('--json', 'the same as --format json')
    .option('--limit <rows>', 'rows on a page of table and json', parseLimit, PAGE)
    .option('--cursor <cursor>', 'the page after this one: `next` of the page before')
    .option('--out <file>', 'write to this file, which is for its owner alone')
    .option('--no-follow', 'answer from what is in the projection, without asking the peer first')
    .addHelpText(
      'after',
      '\nndjson, csv, pdf (of 10000 rows at most) and fhir have all pages; table and json one. Who asked is logged: consent-ledger audit log.',
    )
    .action(async (...given: unknown[]) => {
      const options = command.opts<QuestionOptions & Record<string, unknown>>();
      const parameters = Object.fromEntries(
        Object.keys(question.parameters.shape).flatMap((name) => {
          const value = name === argument ? given[0] : options[camel(name)];
          return typeof value === 'string' ? [[name, value]] : [];
        }),
      );
      done(await ask(question, options, parameters));
    });
}

function isExported(question: Question, format: Format): boolean {
  if (format === 'pdf') return question.name === 'disclosures';
  return ['accesses', 'denials', 'disclosures', 'undelivered'].includes(question.name);
}

function camel(name: string): string {
  return name.replaceAll(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
}

function parseLimit(text: string): number {
  const limit = Number(text);
  if (!/^\d{1,5}$/.test(text) || limit < 1 || limit > 10_000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 10000.');
  return limit;
}

async function ask(
  question: Question,
  options: QuestionOptions,
  given: Readonly<Record<string, string>>,
): Promise<number> {
  const parsed = question.parameters.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw badInput(`--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it cannot be read'}.`);
  }
  const out = terminal();
  const audited = await openAudited(options);
  try {
    if (options.follow) await catchUp(audited, out);
    await withLog(audited, question.name, given, (log) =>
      answer(question, options, parsed.data, { audited, log }, out),
    );
    return EXIT.ok;
  } catch (error) {
    if (error instanceof BadCursor) throw badInput(`--cursor: it ${error.message}.`, { cause: error });
    if (error instanceof ReportTooLong) throw badInput(`--format: ${error.message}.`, { cause: error });
    throw asUserError(error);
  } finally {
    await audited.close();
  }
}

/** The question is on the disk before it is answered. */
async function withLog(
  { folder }: Audited,
  question: string,
  parameters: Readonly<Record<string, string>>,
  work: (log: QuestionLog) => Promise<void>,
): Promise<void> {
  const log = new QuestionLog(path.join(folder, 'questions.db'));
  try {
    log.append({ who: userInfo().username, via: 'command', question, parameters });
    await work(log);
  } finally {
    log.close();
  }
}

interface Sources {
  readonly audited: Audited;
  readonly log: QuestionLog;
}

async function answer(
  question: Question,
  options: QuestionOptions,
  parameters: Readonly<Record<string, unknown>>,
  { audited: { store, peer, folder }, log }: Sources,
  out: Terminal,
): Promise<void> {
  const format = options.json === true ? 'json' : options.format;
  const isOnePage = format === 'table' || format === 'json';
  const unusual = await unusualAnalyses(folder, log, options);
  const asking: Asking = {
    db: store.db,
    now: Date.now(),
    limit: isOnePage ? options.limit : EXPORT_PAGE,
    ...(options.cursor !== undefined && { cursor: options.cursor }),
    unusual,
  };
  try {
    if (isOnePage) await onePage(question, asking, parameters, format, options.out, out);
    else {
      const pages = () => everyPage(question, asking, parameters);
      const contents = {
        ndjson: () => jsonLinesOf(pages()),
        csv: () => csvOf(question.columns, pages()),
        pdf: () => disclosureReport(asking, parameters, peer.ledgerId),
        fhir: () => bundleOf(store.db, filterOf(question, parameters, asking.now), new Date(asking.now)),
      };
      await write(Readable.from(await contents[format]()), options.out);
    }
  } finally {
    await unusual.close();
  }
}

async function onePage(
  question: Question,
  asking: Asking,
  parameters: Readonly<Record<string, unknown>>,
  format: 'table' | 'json',
  file: string | undefined,
  out: Terminal,
): Promise<void> {
  const page = await question.ask(asking, parameters);
  const lines = format === 'json' ? [JSON.stringify(page, null, 2)] : tableOf(question, page);
  await write(Readable.from(lines.map((line) => `${line}\n`)), file);
  if (format === 'json') return;
  if (page.about !== undefined)
    out.say(
      Object.entries(page.about)
        .map(([name, value]) => `${name} ${cellText(value)}`)
        .join(', '),
    );
  if (page.next !== undefined) out.say(`There is more: --cursor '${page.next}'`);
}

/** Which accesses the AuditEvents are of. Throws a UserError for what they cannot be narrowed by. */
function filterOf(
  question: Question,
  parameters: Readonly<Record<string, unknown>>,
  now: number,
): AccessFilter {
  const { required, ...filter } = parameters as AccessFilter & { required?: string };
  if (required !== undefined)
    throw badInput('--required is for the other formats: FHIR has every disclosure.');
  if (question.name === 'denials') return { ...filter, outcome: 'deny' };
  if (question.name === 'undelivered') return { ...filter, isUndelivered: true };
  if (question.name !== 'disclosures') return filter;
  return { ...filter, outcome: 'permit', since: filter.since ?? yearsBefore(now) };
}

function tableOf({ columns }: Question, { rows }: Page): string[] {
  if (rows.length === 0) return ['Nothing.'];
  return table([columns, ...rows.map((row) => columns.map((column) => cellText(row[column])))]);
}

/** To standard output, or to a file that is there whole or not at all. */
async function write(content: Readable, file: string | undefined): Promise<void> {
  if (file === undefined) await pipeline(content, process.stdout, { end: false });
  else await writeWhole(file, content as AsyncIterable<string | Uint8Array>);
}
