import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BootstrapError, ROOT, runQuietly } from './run.mjs';

const PRODUCT = ['chaincode', 'located-yaml', 'network', 'audit', 'gateway', 'scripts'];

/** Compiles a project and what it references, unless nothing has changed since that was last done. */
export async function buildIfStale(project) {
  const folders = project === 'test' ? [...PRODUCT, 'test'] : PRODUCT;
  const stamp = path.join(ROOT, `node_modules/.cache/consent-ledger/build-${project}`);
  const sources = fingerprint(folders);
  if (isBuilt(folders) && existsSync(stamp) && readFileSync(stamp, 'utf8') === sources) return;
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  if (!(await runQuietly('Building', process.execPath, [tsc, '-b', project]))) {
    throw new BootstrapError('The sources do not compile; see above.');
  }
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, sources);
}

function isBuilt(folders) {
  return folders.every((folder) => existsSync(path.join(ROOT, folder, 'dist/.tsbuildinfo')));
}

/** Names, sizes and times of everything that goes into the build: a few milliseconds, where tsc takes seconds. */
function fingerprint(folders) {
  const hash = createHash('sha256');
  const files = folders.flatMap((folder) => inputs(path.join(ROOT, folder)));
  for (const file of [
    ...files,
    path.join(ROOT, 'tsconfig.base.json'),
    path.join(ROOT, 'package-lock.json'),
  ]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${path.relative(ROOT, file)}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest('hex');
}

function inputs(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return ['dist', 'node_modules'].includes(entry.name) ? [] : inputs(file);
      return /\.(ts|json)$/.test(entry.name) ? [file] : [];
    });
}
