import { Refusal } from '../../usecases/refusal.js';

export function entityTagOf(version: number): string {
  return `W/"${version}"`;
}

/** Throws a Refusal `version-mismatch` where the newest version is not the one that is named (R4 and R5, 3.1.0.5). */
export function requireMatch(header: string | undefined, newest: number | undefined): void {
  if (header !== undefined && !tagsMatch(header, newest)) throw new Refusal('version-mismatch');
}

/** Whether the header of a conditional read or update names that version. */
export function tagsMatch(header: string, version: number | undefined): boolean {
  if (version === undefined) return false;
  return header.split(',').some((tag) => {
    const text = tag.trim();
    return text === '*' || /^(?:W\/)?"([^"]*)"$/.exec(text)?.[1] === `${version}`;
  });
}
