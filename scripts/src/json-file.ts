import { repeatedKey } from '@consent-ledger/chaincode/wire';
import { readFile } from 'node:fs/promises';
import { badInput, systemCode } from './user-error.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Parses a file that the user named, in which nothing is named twice. Throws a UserError. */
export async function readJsonFile(file: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw badInput(`${file} cannot be read (${systemCode(cause) ?? 'unknown reason'}).`, { cause });
  }
  let text: string;
  let value: unknown;
  try {
    text = UTF8.decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw badInput(`${file} is not JSON: ${cause instanceof Error ? cause.message : 'it cannot be parsed'}`, {
      cause,
    });
  }
  const repeated = repeatedKey(text);
  if (repeated === undefined) return value;
  throw badInput(
    `${file} names ${JSON.stringify(repeated)} twice in one object: one of them would be ignored.`,
  );
}
