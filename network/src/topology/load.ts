import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { locate, type LocatedDocument } from '@consent-ledger/located-yaml';
import type { z } from 'zod';
import { crossChecks } from './cross-checks.js';
import type { Organisation, Topology } from './model.js';
import { withFilesFrom } from './people.js';
import { keyStoreWithFilesFrom, recordsWithFilesFrom } from './stores.js';
import { renderFound, renderPath, TopologyError, type TopologyProblem } from './problems.js';
import { organisationSchema, topologySchema } from './schema.js';

/** Reads a topology file. Throws a TopologyError with every mistake, or the error of reading the file. */
export async function loadTopology(path: string): Promise<Topology> {
  return parseTopology(await readFile(path, 'utf8'), path);
}

/**
 * Parses the text of a topology file. `file` stands in messages, and file names in the text are beside it.
 * Throws a TopologyError.
 */
export function parseTopology(text: string, file: string): Topology {
  const located = expanded(readLocated(text, file));
  const parsed = checked(located, topologySchema, file);
  const problems = crossChecks(parsed).map(({ path, expected }) => problemAt(located, path, expected));
  if (problems.length > 0) throw refusal(file, problems);
  const folder = dirname(resolve(file));
  return { ...parsed, organisations: parsed.organisations.map((each) => withAbsolutePaths(each, folder)) };
}

/** `ordering: raft` is short for `ordering: { type: raft }`; what it expands to stands where it stands. */
function expanded(located: LocatedDocument): LocatedDocument {
  const { value } = located;
  if (!isMapping(value) || typeof value['ordering'] !== 'string') return located;
  const type = value['ordering'];
  return {
    ...located,
    value: { ...value, ordering: { type } },
    valueAt: (path) => (path[0] === 'ordering' && path[1] === 'type' ? type : located.valueAt(path)),
  };
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parses the text of a file with one organisation, as it would stand in a topology file's list. Whether it fits into a
 * consortium is not looked at. Throws a TopologyError.
 */
export function parseOrganisation(text: string, file: string): Organisation {
  return withAbsolutePaths(
    checked(readLocated(text, file), organisationSchema, file),
    dirname(resolve(file)),
  );
}

function readLocated(text: string, file: string): LocatedDocument {
  const located = locate(text);
  if (located.syntax.length === 0) return located;
  throw new TopologyError(
    file,
    located.syntax.map(({ line, column, message }) => ({
      line,
      column,
      path: '',
      found: `text that is not valid here (${message})`,
      expected: 'YAML 1.2 without aliases',
    })),
  );
}

function checked<T>(located: LocatedDocument, schema: z.ZodType<T>, file: string): T {
  const parsed = schema.safeParse(located.value);
  if (parsed.success) return parsed.data;
  throw refusal(
    file,
    parsed.error.issues.flatMap((issue) => explain(located, issue)),
  );
}

function withAbsolutePaths(organisation: Organisation, folder: string): Organisation {
  const { tokens, labelTable, qualityTable, notifications } = organisation;
  const { studyAlerts, studyProfiles, records, keyStore } = organisation;
  const absolute = (file: string): string => resolve(folder, file);
  const { caFile } = tokens;
  return {
    ...organisation,
    ...(caFile === undefined ? {} : { tokens: { ...tokens, caFile: resolve(folder, caFile) } }),
    ...(labelTable === undefined ? {} : { labelTable: resolve(folder, labelTable) }),
    ...(qualityTable === undefined ? {} : { qualityTable: resolve(folder, qualityTable) }),
    ...(notifications === undefined ? {} : { notifications: withFilesFrom(notifications, absolute) }),
    ...(studyProfiles === undefined ? {} : { studyProfiles: studyProfiles.map(absolute) }),
    ...(studyAlerts?.caFile === undefined
      ? {}
      : { studyAlerts: { ...studyAlerts, caFile: absolute(studyAlerts.caFile) } }),
    ...(records === undefined ? {} : { records: recordsWithFilesFrom(records, absolute) }),
    ...(keyStore === undefined ? {} : { keyStore: keyStoreWithFilesFrom(keyStore, absolute) }),
  };
}

function refusal(file: string, problems: readonly TopologyProblem[]): TopologyError {
  return new TopologyError(
    file,
    problems.toSorted((one, other) => one.line - other.line || one.column - other.column),
  );
}

function explain(located: LocatedDocument, issue: z.core.$ZodIssue): TopologyProblem[] {
  if (issue.code !== 'unrecognized_keys') return [problemAt(located, issue.path, issue.message)];
  return issue.keys.map((key) => ({
    ...located.positionOfKey(issue.path, key),
    path: renderPath([...issue.path, key]),
    found: 'an unknown key',
    expected: issue.message,
  }));
}

function problemAt(
  located: LocatedDocument,
  path: readonly PropertyKey[],
  expected: string,
): TopologyProblem {
  return {
    ...located.positionOf(path),
    path: renderPath(path),
    found: renderFound(located.valueAt(path)),
    expected,
  };
}
