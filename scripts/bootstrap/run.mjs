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
