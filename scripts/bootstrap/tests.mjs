import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from './run.mjs';

const KINDS = ['unit', 'property', 'suites', 'http', 'fault', 'e2e'];

/** What needs real Fabric and nothing else will do: left to `npm run test:fabric`, which takes its time. */
const ON_FABRIC_ONLY = ['suites/fabric', 'suites/operations', 'fault/fabric'];

/** What takes any ledger by a setting (test/support/any-ledger.ts). */
const ON_ANY_LEDGER = [
  'http',
  'suites/adapter',
  'fault/race.test.js',
  'fault/release.test.js',
  'e2e/nothing-leaks.test.js',
  'e2e/operations',
];

/** What chooses its ledgers by itself. */
const ON_BOTH_ORDERINGS = ['suites/ledger', 'fault/slow-chaincode.test.js', ...ON_FABRIC_ONLY];

/** The compiled tests, named by their sources: what was compiled from a deleted test does not run. */
export function testFiles(...kinds) {
  return allFiles(kinds.length === 0 ? KINDS : kinds).filter((file) => !isIn(file, ON_FABRIC_ONLY));
}

/** What runs in processes of its own, or waits for what it has broken. */
const MOSTLY_WAITING = ['fault', 'e2e', 'suites/adapter'];

/** The same in two parts that take about as long. */
export function lanes() {
  const all = testFiles();
  const waiting = all.filter((file) => isIn(file, MOSTLY_WAITING));
  return [all.filter((file) => !waiting.includes(file)), waiting];
}

/** What `npm run test:fabric` runs: each in a process of its own, the setting in its environment. */
export function fabricRuns() {
  const files = (places) => allFiles(KINDS).filter((file) => isIn(file, places));
  const onAny = files(ON_ANY_LEDGER);
  return [
    { title: 'Fabric itself, BFT and Raft', files: files(ON_BOTH_ORDERINGS), ledger: 'fabric' },
    { title: 'The product on Fabric ordered by BFT', files: onAny, ledger: 'bft' },
    { title: 'The product on Fabric ordered by Raft', files: onAny, ledger: 'raft' },
  ];
}

function allFiles(kinds) {
  return kinds.flatMap((kind) => {
    const folder = path.join(ROOT, 'test', kind);
    if (!existsSync(folder)) return [];
    return readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith('.test.ts'))
      .sort()
      .map((name) => path.join('test/dist', kind, name.replace(/\.ts$/, '.js')));
  });
}

function isIn(file, places) {
  return places.some((place) => file.startsWith(path.join('test/dist', place)));
}
