import { readFileSync } from 'node:fs';
import { z } from '@consent-ledger/chaincode/wire';
import { readProfile, type Profile } from '../../pseudonymising/profile.js';

/** A profile from a JSON file. Throws an Error that says what is wrong in it, and where. */
export function readProfileFile(path: string): Profile {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Error(`the profile ${path} cannot be read, or is not JSON`, { cause });
  }
  try {
    return readProfile(document);
  } catch (cause) {
    if (!(cause instanceof z.ZodError)) throw cause;
    const problems = cause.issues.map(({ path: at, message }) => `${at.join('.') || '(file)'}: ${message}`);
    throw new Error(`the profile ${path} is not valid: ${problems.join('; ')}`, { cause });
  }
}
