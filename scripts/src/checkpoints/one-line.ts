import { parseCheckpoint } from '@consent-ledger/chaincode/wire';

/** A checkpoint as one line to be read out, mailed or pasted: the lines of its text with spaces between them. */
export function lineOfText(text: string): string {
  return text.trimEnd().replaceAll('\n', ' ');
}

/** Words of each of its lines. */
const WORDS = [1, 1, 1, 3, 2, 2];

/** The text of a checkpoint that was given as one line, or as a signed note; undefined for anything else. */
export function textOfLine(given: string): string | undefined {
  const note = given.split('\n\n')[0] ?? '';
  if (parseCheckpoint(`${note}\n`) !== undefined) return `${note}\n`;
  const words = given.trim().split(/\s+/);
  const lines = WORDS.map((count) => words.splice(0, count).join(' '));
  const text = `${lines.join('\n')}\n`;
  return words.length === 0 && parseCheckpoint(text) !== undefined ? text : undefined;
}
