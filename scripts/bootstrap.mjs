/**
 * What `npm start` and `npm test` run. Plain JavaScript for Node 20 and later, because on a fresh clone nothing
 * is installed yet: installs and builds what is missing, then hands over to the Node that the project pins.
 */
import { buildIfStale } from './bootstrap/build.mjs';
import { installIfMissing } from './bootstrap/install.mjs';
import { BootstrapError, handOver, hasProjectNode, ROOT } from './bootstrap/run.mjs';
import { testFiles } from './bootstrap/tests.mjs';

const FAULT_RUNS = '50';

const [command, ...rest] = process.argv.slice(2);

try {
  process.exitCode = await main();
} catch (error) {
  if (!(error instanceof BootstrapError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main() {
  switch (command) {
    case 'start':
      await prepare('scripts');
      return handOver('scripts/bin/consent-ledger.mjs', ['start', ...rest]);
    case 'test':
      await prepare('test');
      return mocha(testFiles(), rest);
    case 'test:fault':
      await prepare('test');
      return mocha(testFiles('fault'), rest, { CONSENT_LEDGER_FAULT_RUNS: FAULT_RUNS });
    case 'bench:ledger':
      await prepare('scripts');
      return handOver(`scripts/dist/bench/${command.slice('bench:'.length)}.js`, rest);
    default:
      throw new BootstrapError(
        'Usage: node scripts/bootstrap.mjs start|test|test:fault|bench:ledger [flags]',
      );
  }
}

async function prepare(project) {
  process.chdir(ROOT);
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new BootstrapError(
      `Node ${process.versions.node} is too old to install this project: use Node 20.19 or later.`,
    );
  }
  await installIfMissing();
  if (!hasProjectNode()) {
    throw new BootstrapError(
      'The Node that this project pins is not there, probably because install scripts are switched off: ' +
        'run `npm rebuild node`.',
    );
  }
  await buildIfStale(project);
}

/** Arguments that do not start with a dash choose test files by a part of their path. */
function mocha(files, args, env = {}) {
  const parts = args.filter((argument) => !argument.startsWith('-'));
  const chosen =
    parts.length === 0 ? files : files.filter((file) => parts.some((part) => file.includes(part)));
  if (chosen.length === 0) throw new BootstrapError(`No test file's path contains ${parts.join(' or ')}.`);
  const flags = args.filter((argument) => argument.startsWith('-'));
  return handOver('node_modules/mocha/bin/mocha.js', [...flags, ...chosen], env);
}
