import { parseTopology, type Topology } from '@consent-ledger/network';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const DEMO_FILE = fileURLToPath(
  new URL('../topologies/demo.yaml', import.meta.resolve('@consent-ledger/network')),
);
export const DEMO_TEXT = readFileSync(DEMO_FILE, 'utf8');

/** The demo's topology with parts of its text replaced; a part that is not there is a mistake in the test. */
export function demoWith(...replacements: readonly (readonly [string, string])[]): string {
  return replacements.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the demo's topology does not contain ${from}`);
    return text.replace(from, to);
  }, DEMO_TEXT);
}

export function demo(...replacements: readonly (readonly [string, string])[]): Topology {
  return parseTopology(demoWith(...replacements), DEMO_FILE);
}
