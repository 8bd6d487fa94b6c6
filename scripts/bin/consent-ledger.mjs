#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { handOver, hasProjectNode } from '../bootstrap/run.mjs';

const cli = new URL('../dist/cli.js', import.meta.url);

if (!existsSync(cli)) {
  console.error('consent-ledger is not built yet: run `npm start`, or `npm ci && npm run build`.');
  process.exitCode = 1;
} else if (Number(process.versions.node.split('.')[0]) < 24 && hasProjectNode()) {
  process.exitCode = await handOver('scripts/bin/consent-ledger.mjs', process.argv.slice(2));
} else {
  const { main } = await import(cli.href);
  process.exitCode = await main(process.argv.slice(2));
}
