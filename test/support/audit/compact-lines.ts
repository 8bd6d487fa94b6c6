import { leafHash, MerkleTree } from '@consent-ledger/audit';
import {
  canonicalBytes,
  canonicalText,
  checkpointText,
  parseCheckpoint,
} from '@consent-ledger/chaincode/wire';
import { createHash } from 'node:crypto';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
export type Line = Record<string, Json>;

/** What somebody makes of the lines of a bundle who wants it to look whole. */
export function sealed(lines: readonly Line[]): string[] {
  const texts = lines.map((line) => canonicalText(line));
  const digest = createHash('sha256');
  for (const text of texts) digest.update(`${text}\n`);
  return [...texts, canonicalText({ end: texts.length, sha256: digest.digest('base64url') })];
}

/** Where something stands in a line. */
export type Path = readonly (string | number)[];

/** Every place of a line that holds a text, a number or a truth. */
export function placesIn(value: Json, path: Path = []): Path[] {
  if (Array.isArray(value)) return value.flatMap((one, at) => placesIn(one, [...path, at]));
  if (typeof value !== 'object' || value === null) return [path];
  return Object.entries(value).flatMap(([name, one]) => placesIn(one, [...path, name]));
}

/** The line with what stands in that place changed. */
export function changedAt(line: Line, path: Path, change: (before: Json) => Json): Line {
  const copy = structuredClone(line);
  let at: Json = copy;
  for (const step of path.slice(0, -1)) at = (at as Record<string | number, Json>)[step] ?? null;
  const last = path.at(-1) ?? '';
  const place = at as Record<string | number, Json>;
  place[last] = change(place[last] ?? null);
  return copy;
}

/** Something else of the same kind: one letter of a text is another, a number is one more. */
export function altered(value: Json, next: () => number): Json {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string' || value === '') return 'x';
  const place = Math.floor(next() * value.length);
  const instead = value[place] === 'A' ? 'B' : 'A';
  return value.slice(0, place) + instead + value.slice(place + 1);
}

/** Bit by bit the same for everybody who runs it. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * The same lines in a history of their own, in which everything is as it must be but that nobody has signed it: what one member makes who
 * has all the others' software and none of their keys.
 * @param sign makes the signatures for the checkpoint's text
 */
export function forgedHistory(lines: readonly Line[], sign: (text: string) => Json): Line[] {
  const tree = new MerkleTree();
  const placed = lines.filter((line) => 'leaf' in line);
  for (const line of placed) tree.append(leafHash(canonicalBytes(line['leaf'] as object)));
  let index = -1;
  return lines.map((line) => {
    if ('leaf' in line) {
      index += 1;
      const proof = tree.inclusionProof(index, tree.size).map((hash) => hash.toString('base64url'));
      return { ...line, index, proof };
    }
    if (typeof line['checkpoint'] !== 'string') return line;
    const checkpoint = parseCheckpoint(line['checkpoint']);
    if (checkpoint === undefined) throw new Error('there is no checkpoint');
    const text = checkpointText({ ...checkpoint, size: tree.size, root: tree.root() });
    return { checkpoint: text, signatures: sign(text) };
  });
}
