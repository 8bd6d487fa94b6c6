import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import type { WorkFile } from './work-file.js';

/**
 * What a custodian may hand an auditor beside the ledger: pseudonyms of family names, of its patients and of users, made with a key that the
 * auditor does not have (such as HMAC-SHA256, base64url). Lines of `user,<member>,<user>,<tag>` and `subject,<custodian>,<subject>,<tag>`;
 * members by their MSP ids. A tag is 22 to 86 letters of base64url: what could be a name is refused.
 */
const LINE = /^(user|subject),([A-Za-z][A-Za-z0-9]{0,39}),([A-Za-z0-9._-]{1,128}),([A-Za-z0-9_-]{22,86})$/;
const AT_ONCE = 5_000;

/** The file is not what it must be; the message says which line, never what is in it. */
export class FamiliesMalformed extends Error {
  override readonly name = 'FamiliesMalformed';

  constructor(readonly line: number) {
    super(
      `line ${line} is not user,<member>,<user>,<tag> or subject,<custodian>,<subject>,<tag> with a keyed tag of 22 to 86 letters of base64url`,
    );
  }
}

/** @returns how many tags there are. @throws FamiliesMalformed; whatever reading the file throws */
export async function checkFamilies(path: string): Promise<number> {
  let tags = 0;
  for await (const { length } of linesOf(path)) tags += Math.sign(length);
  return tags;
}

/** Into table `family`. @throws FamiliesMalformed; whatever reading the file throws */
export async function loadFamilies(file: WorkFile, path: string | undefined): Promise<void> {
  await file.run(
    'CREATE TABLE family (kind TEXT, house TEXT, name TEXT, tag TEXT, PRIMARY KEY (kind, house, name)) WITHOUT ROWID',
  );
  if (path === undefined) return;
  let waiting: string[][] = [];
  for await (const parts of linesOf(path)) {
    waiting.push(parts);
    if (waiting.length < AT_ONCE) continue;
    await file.insertOrReplace('family', waiting);
    waiting = [];
  }
  await file.insertOrReplace('family', waiting);
}

/** Kind, house, name and tag of each line that is neither empty nor a comment. */
async function* linesOf(path: string): AsyncGenerator<string[]> {
  let number = 0;
  for await (const line of createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Infinity })) {
    number += 1;
    if (line === '' || line.startsWith('#')) continue;
    const [, ...parts] = LINE.exec(line) ?? [];
    if (parts.length === 0) throw new FamiliesMalformed(number);
    yield parts;
  }
}
