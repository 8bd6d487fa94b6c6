import { z } from 'zod';
import type { Json } from './canonical.js';

/** A FHIR resource as JSON; what is in it is the rules' business (`compileConsent`). */
export type FhirResource = Record<string, Json>;

/** Deeper or larger than any consent; keeps a hostile text from costing more than a kind one. */
const MAX_DEPTH = 32;
const MAX_NODES = 20_000;
const MAX_TEXT = 65_536;

/** Names of FHIR elements (R4 2.6.2): so `__proto__` is none. */
const ELEMENT_NAME = /^_?[A-Za-z][A-Za-z0-9]{0,63}$/;

/** Whether it is plain JSON that FHIR could have written, and that canonical JSON can say again. */
function isFhirResource(value: unknown): value is FhirResource {
  let nodes = 0;
  const isPlain = (node: unknown, depth: number): boolean => {
    nodes += 1;
    if (nodes > MAX_NODES || depth > MAX_DEPTH) return false;
    if (typeof node === 'string') return node.length <= MAX_TEXT && node.isWellFormed();
    if (typeof node === 'number') return Number.isFinite(node);
    if (typeof node === 'boolean' || node === null) return true;
    if (Array.isArray(node)) return node.every((item) => isPlain(item, depth + 1));
    if (typeof node !== 'object') return false;
    return Object.entries(node).every(([name, item]) => ELEMENT_NAME.test(name) && isPlain(item, depth + 1));
  };
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value, 0);
}

/** Passes the value on untouched: what is hashed is what was sent. */
export const fhirResource = z
  .custom<FhirResource>(isFhirResource)
  .meta({ description: 'A FHIR resource as JSON.', type: 'object' });
