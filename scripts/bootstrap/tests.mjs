import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './run.mjs';

const KINDS = ['unit', 'property', 'suites', 'http', 'fault', 'e2e'];

/** The compiled tests, named by their sources: what was compiled from a deleted test does not run. */
export function testFiles(...kinds) {
  return (kinds.length === 0 ? KINDS : kinds).flatMap((kind) => {
    const folder = path.join(ROOT, 'test', kind);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.test.ts'))
      .sort()
      .map((name) => path.join('test/dist', kind, name.replace(/\.ts$/, '.js')));
  });
}
