/**
 * What `npm start` and `npm test` run. Plain JavaScript for Node 20 and later, because on a fresh clone nothing
 * is installed yet: installs and builds what is missing, then hands over to the Node that the project pins.
 */
import { buildIfStale } from './bootstrap/build.mjs';
import { installIfMissing } from './bootstrap/install.mjs';
import { BootstrapError, handOver, hasProjectNode, ROOT, sideBySide } from './bootstrap/run.mjs';
import { fabricRuns, lanes, testFiles } from './bootstrap/tests.mjs';

const FAULT_RUNS = '30';
const MOCHA = 'node_modules/mocha/bin/mocha.js';
const COUNTS = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/gm;
const HOW_ON_FABRIC =
  'Set FABRIC_HOME to an unpacked release of Hyperledger Fabric 3.1 and run `npm run test:fabric`.';

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
      return testing();
    case 'test:fabric':
      return testOnFabric();
    case 'test:fault':
      await prepare('test');
      return mocha(testFiles('fault'), rest, { CONSENT_LEDGER_FAULT_RUNS: FAULT_RUNS });
    case 'bench:ledger':
    case 'bench:audit':
    case 'bench:check':
    case 'bench:decide':
    case 'bench:fabric':
    case 'bench:trial':
    case 'bench:release':
      await prepare('scripts');
      return handOver(`scripts/dist/bench/${command.slice('bench:'.length)}.js`, rest);
    default:
      throw new BootstrapError(
        'Usage: node scripts/bootstrap.mjs start|test|test:fabric|test:fault|bench:ledger|bench:audit|bench:check|bench:decide|bench:fabric|bench:trial|bench:release [flags]',
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

/** Only the suite of the ledger's own behaviour is run on Fabric here, and only where there is one. */
async function testing() {
  const code = rest.length === 0 ? await everything() : await mocha(testFiles(), rest);
  console.log(
    process.env.FABRIC_HOME === undefined
      ? `Skipped: all that runs on real Fabric. ${HOW_ON_FABRIC}`
      : 'The rest of what runs on real Fabric is run by `npm run test:fabric`.',
  );
  return code;
}

/** All tests, in two processes at once: much of what takes long waits for time-outs and for processes that start. */
async function everything() {
  const color = process.stdout.isTTY ? ['--color'] : [];
  const results = await sideBySide(
    MOCHA,
    lanes().map((files) => [...color, ...files]),
  );
  const sums = [0, 0, 0];
  for (const { output } of results) {
    const [, ...counts] = [...output.matchAll(COUNTS)].at(-1) ?? [];
    counts.forEach((count, index) => (sums[index] += Number(count ?? 0)));
  }
  const [passed, failed, skipped] = sums;
  console.log(
    `\nAll together: ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  );
  return results.find(({ code }) => code !== 0)?.code ?? 0;
}

/** Every suite that touches a ledger, and the faults of a real network, on Fabric ordered by BFT and by Raft. */
async function testOnFabric() {
  if (process.env.FABRIC_HOME === undefined) {
    console.log(`Skipped: all suites on real Fabric. ${HOW_ON_FABRIC}`);
    return 0;
  }
  await prepare('test');
  let code = 0;
  for (const { title, files, ledger } of fabricRuns()) {
    const chosen = choose(files, rest);
    if (chosen.length === 0) continue;
    console.log(`\n${title}`);
    const failed = await mocha(chosen, flagsOf(rest), { CONSENT_LEDGER_TEST_LEDGER: ledger });
    code ||= failed;
  }
  return code;
}

/** Arguments that do not start with a dash choose test files by a part of their path. */
function choose(files, args) {
  const parts = args.filter((argument) => !argument.startsWith('-'));
  return parts.length === 0 ? files : files.filter((file) => parts.some((part) => file.includes(part)));
}

function flagsOf(args) {
  return args.filter((argument) => argument.startsWith('-'));
}

function mocha(files, args, env = {}) {
  const chosen = choose(files, args);
  if (chosen.length === 0) throw new BootstrapError(`No test file's path contains ${args.join(' or ')}.`);
  return handOver(MOCHA, [...flagsOf(args), ...chosen], env);
}
