import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { organisationLayout, replaceIfDifferent } from '../identities/index.js';
import type { Topology } from '../topology/index.js';
import { tlsCasFile } from './node-layout.js';

/** Writes the file that peers know all members' TLS CAs by. Gives its path. */
export async function writeTlsCas(dataDir: string, topology: Topology): Promise<string> {
  const file = tlsCasFile(dataDir);
  await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
  const pems = topology.organisations.map(({ name }) =>
    readFile(organisationLayout(dataDir, name).tlsCa.certificate, 'utf8'),
  );
  await replaceIfDifferent(file, (await Promise.all(pems)).join(''));
  return file;
}
