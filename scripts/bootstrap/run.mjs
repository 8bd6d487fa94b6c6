import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));

/** Something that the person at the keyboard has to mend; the message says how. */
export class BootstrapError extends Error {}

/** The Node that package.json pins, installed by npm like any dependency. */
const projectNode = path.join(
  ROOT,
  'node_modules/node/bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

export function hasProjectNode() {
  return existsSync(projectNode);
}

/** Runs a script under the project's Node in our place: its folder, its terminal, its signals, its exit code. */
export function handOver(script, args, env = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(projectNode, [path.join(ROOT, script), ...args], {
      stdio: 'inherit',
      env: { ...process.env, ...env },
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
      process.on(signal, () => child.kill(signal));
    }
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 1)));
  });
}

/**
 * Runs a script several times at once under the project's Node, each with its own arguments. What the first says is shown as it comes,
 * what each other says once all before it have ended, so that nothing is mixed.
 * @returns {Promise<{code: number, output: string}[]>}
 */
export async function sideBySide(script, argumentLists) {
  const children = argumentLists.map((args) =>
    spawn(projectNode, [path.join(ROOT, script), ...args], { stdio: ['ignore', 'pipe', 'pipe'] }),
  );
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => children.forEach((child) => child.kill(signal)));
  }
  let shown = 0;
  const kept = children.map(() => '');
  const results = children.map(async (child, index) => {
    let output = '';
    const take = (chunk) => {
      output += chunk;
      if (index === shown) process.stdout.write(chunk);
      else kept[index] += chunk;
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take);
    const code = await new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (exit, signal) => resolve(exit ?? (signal === 'SIGINT' ? 130 : 1)));
    });
    return { code, output };
  });
  for (const result of results) {
    await result;
    shown += 1;
    if (shown < kept.length) process.stdout.write(kept[shown]);
  }
  return Promise.all(results);
}

/**
 * Runs a tool to its end behind one line of progress. Its output is shown only when it fails.
 * @returns {Promise<boolean>} whether it succeeded
 */
export async function runQuietly(what, command, args) {
  process.stdout.write(`${what} … `);
  const started = Date.now();
  const { code, output } = await new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const keep = (chunk) => (text = (text + String(chunk)).slice(-16_384));
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.once('error', reject);
    child.once('close', (exit) => resolve({ code: exit, output: text }));
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  process.stdout.write(code === 0 ? `done in ${seconds} s\n` : `failed after ${seconds} s\n`);
  if (code !== 0) {
    // Warnings about the Node that installs are none of this failure's reasons: everything runs on the pinned one.
    const lines = output
      .trimEnd()
      .split('\n')
      .filter((line) => !line.startsWith('npm warn EBADENGINE'));
    process.stderr.write(`${lines.slice(0, 40).join('\n')}\n`);
  }
  return code === 0;
}
