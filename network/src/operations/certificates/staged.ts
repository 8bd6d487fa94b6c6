import { X509Certificate } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { exists, makeFolder, replaceFile, type FileContent } from '../../identities/folders.js';
import { organisationLayout, type OrganisationLayout } from '../../identities/index.js';
import { organisationParts, readAuthority } from '../../identities/make.js';
import type { Organisation } from '../../topology/index.js';

/** What can be given new certificates, each by itself; `keys` are those that a gateway signs requests and receives record keys with. */
export const ROTATABLE = ['peer', 'orderer', 'gateway', 'keys', 'chaincode', 'admin'] as const;
export type Rotatable = (typeof ROTATABLE)[number];

/**
 * New certificates on their way into an organisation's folder. They lie in a folder of their own, at the same places,
 * from when they are issued until all is done: as long as it is there, a rotation is under way.
 */
export interface StagedCertificates {
  /** Whether they have been issued. */
  exist(): Promise<boolean>;
  /** Issues them by the organisation's CAs. What was issued earlier is kept. */
  issue(now: Date): Promise<void>;
  /** Takes certificates that somebody else issued: files at the same places below the organisation's folder. */
  take(files: readonly FileContent[]): Promise<void>;
  /** A staged file, by its place in the live folder. */
  read(livePath: string): Promise<string>;
  /** Whether the live files are the staged ones. */
  areInstalled(): Promise<boolean>;
  install(): Promise<void>;
  /** The end of the rotation. */
  discard(): Promise<void>;
}

export function stagedCertificates(
  dataDir: string,
  organisation: Organisation,
  part: Rotatable,
): StagedCertificates {
  const layout = organisationLayout(dataDir, organisation.name);
  const folder = join(layout.directory, 'rotation', part);
  const files = async (): Promise<string[]> => {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .sort();
  };
  return {
    exist: () => exists(folder),
    issue: async (now) => {
      await makeFolder(folder, () => issued(organisation, layout, part, now));
    },
    take: async (content) => {
      await makeFolder(folder, () => Promise.resolve(content));
    },
    read: (livePath) => readFile(join(folder, relative(layout.directory, livePath)), 'utf8'),
    areInstalled: async () => {
      if (!(await exists(folder))) return false;
      const same = (await files()).map(async (file) => {
        const [staged, live] = await Promise.all([
          readFile(join(folder, file)),
          readFile(join(layout.directory, file)),
        ]);
        return staged.equals(live);
      });
      return (await Promise.all(same)).every(Boolean);
    },
    install: async () => {
      for (const file of await files()) {
        const from = join(folder, file);
        const next = await readFile(from);
        const isSecret = ((await stat(from)).mode & 0o077) === 0;
        await keepRetired(layout, file, next);
        await replaceFile(join(layout.directory, file), next, isSecret);
      }
    },
    discard: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What has been replaced can still be used until it expires, so its certificate stays here, to be revoked by. */
async function keepRetired(layout: OrganisationLayout, file: string, next: Buffer): Promise<void> {
  if (!file.endsWith(join('msp', 'signcerts', 'cert.pem'))) return;
  const pem = await readFile(join(layout.directory, file));
  if (pem.equals(next)) return;
  const owner = basename(dirname(dirname(dirname(file))));
  const folder = join(layout.directory, 'retired');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const { serialNumber } = new X509Certificate(pem);
  await replaceFile(join(folder, `${owner}-${serialNumber.toLowerCase()}.pem`), pem);
}

async function issued(
  organisation: Organisation,
  layout: OrganisationLayout,
  part: Rotatable,
  now: Date,
): Promise<FileContent[]> {
  const [ca, tlsCa] = await Promise.all([readAuthority(layout.ca), readAuthority(layout.tlsCa)]);
  const folders = foldersOf(layout, part);
  const wanted = organisationParts(organisation, layout, ca, tlsCa, now).filter(({ folder }) =>
    folders.includes(folder),
  );
  const content = await Promise.all(
    wanted.map(async (each) => {
      const place = relative(layout.directory, each.folder).split(sep).join('/');
      return (await each.content()).map((file) => ({ ...file, path: `${place}/${file.path}` }));
    }),
  );
  return content.flat().filter(({ path }) => (part === 'keys' ? isGatewayKey(path) : isRotated(path)));
}

/** Certificates and their keys; not what verifies them, nor a gateway's own keys, which are on the ledger. */
function isRotated(path: string): boolean {
  return /\/(?:signcerts\/cert\.pem|keystore\/key\.pem|(?:server|client)\.(?:crt|key))$/.test(path);
}

function isGatewayKey(path: string): boolean {
  return path.startsWith('gateway/keys/');
}

function foldersOf(layout: OrganisationLayout, part: Rotatable): string[] {
  switch (part) {
    case 'gateway':
      return [layout.gatewayClient.directory, layout.gateway.directory];
    case 'keys':
      return [layout.gateway.directory];
    case 'peer':
    case 'orderer':
    case 'chaincode':
    case 'admin':
      return [layout[part].directory];
  }
}
