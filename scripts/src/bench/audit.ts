import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { Measured, Part } from './audit/part.js';
import { exports } from './audit/exports.js';
import { folding } from './audit/folding.js';
import { proving } from './audit/proving.js';
import { questions } from './audit/questions.js';
import { unusual } from './audit/unusual.js';
import { report, shown } from './report.js';

/*
 * npm run bench:audit: what the auditor's read model and its proofs cost; docs/benchmarks.md says what is measured. What else is to be measured
 * is another part in this list.
 */
const PARTS: readonly Part[] = [folding, questions, exports, proving, unusual];

const { values } = parseArgs({
  options: {
    folded: { type: 'string', default: '30000' },
    events: { type: 'string', default: '1000000' },
    only: { type: 'string', multiple: true, default: PARTS.map(({ name }) => name) },
  },
});
const unknown = values.only.find((name) => !PARTS.some((part) => part.name === name));
if (unknown !== undefined)
  throw new RangeError(`--only ${unknown}: there are ${PARTS.map(({ name }) => name).join(', ')}`);

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const folder = await mkdtemp(path.join(tmpdir(), 'consent-ledger-bench-'));
try {
  const measured = new Map<string, Measured>();
  for (const part of PARTS.filter(({ name }) => values.only.includes(name))) {
    const own = path.join(folder, part.name);
    await mkdir(own);
    const sizes = { folded: Number(values.folded), events: Number(values.events) };
    measured.set(part.name, await part.measure({ folder: own, say, ...sizes }));
    await rm(own, { recursive: true });
  }
  const all = [...measured.values()];
  process.exitCode = report(
    'audit',
    [
      ['what', 'figure', 'p95', 'p99', ''],
      ...all.flatMap(({ lines }) =>
        lines.map(({ what, figures: [figure = NaN, p95, p99], unit }) => [
          what,
          ...[figure, p95, p99].map((one) => (one === undefined ? '' : shown(one))),
          unit,
        ]),
      ),
    ],
    all.flatMap(({ bars }) => bars),
    Object.fromEntries([...measured].map(([name, { figures }]) => [name, figures])),
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
