import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/** The official release, unpacked: what of it the supervisor runs. Absolute paths. */
export interface FabricHome {
  readonly root: string;
  /** As `peer version` prints it, without the leading v: `3.1.5`. */
  readonly version: string;
  readonly peer: string;
  readonly orderer: string;
  /** Folder of the chaincode-as-a-service builder (holds bin/detect, bin/build, bin/release). */
  readonly ccaasBuilder: string;
  /** Folder with the release's core.yaml and orderer.yaml. */
  readonly config: string;
}

/** The release is missing, incomplete or too old. The message says what to install and where it was looked for. */
export class FabricHomeError extends Error {
  override readonly name = 'FabricHomeError';
}

/** Ordering by BFT, V3_0 channels and per-organisation orderer endpoints came with 3.0; what is tested is 3.1. */
const OLDEST: readonly [number, number] = [3, 1];

const INSTALL =
  'Install the official Hyperledger Fabric release 3.1.5 (hyperledger-fabric-<os>-<arch>-3.1.5.tar.gz from ' +
  'https://github.com/hyperledger/fabric/releases), unpack it, and set FABRIC_HOME to the folder that holds ' +
  'bin/, builders/ and config/.';

const NEEDED = {
  peer: 'bin/peer',
  orderer: 'bin/orderer',
  detect: 'builders/ccaas/bin/detect',
  build: 'builders/ccaas/bin/build',
  release: 'builders/ccaas/bin/release',
} as const;

/**
 * Finds the release that FABRIC_HOME names and makes sure that it can be used.
 * @throws FabricHomeError
 */
export async function findFabricHome(folder = process.env['FABRIC_HOME']): Promise<FabricHome> {
  if (folder === undefined || folder === '') {
    throw new FabricHomeError(`FABRIC_HOME is not set, so there is no Fabric to start. ${INSTALL}`);
  }
  const root = path.resolve(folder);
  const missing = await missingParts(root);
  if (missing.length > 0) {
    throw new FabricHomeError(`FABRIC_HOME=${root} lacks ${missing.join(', ')}. ${INSTALL}`);
  }
  const peer = path.join(root, NEEDED.peer);
  const version = await releaseVersion(peer);
  if (!isSupported(version)) {
    throw new FabricHomeError(
      `FABRIC_HOME=${root} holds Fabric ${version}, but ${OLDEST.join('.')} or later of major version ${OLDEST[0]} is needed. ${INSTALL}`,
    );
  }
  return {
    root,
    version,
    peer,
    orderer: path.join(root, NEEDED.orderer),
    ccaasBuilder: path.join(root, 'builders/ccaas'),
    config: path.join(root, 'config'),
  };
}

async function missingParts(root: string): Promise<string[]> {
  const parts = [
    ...Object.values(NEEDED).map((file) => ({ file, mode: constants.X_OK })),
    { file: 'config/core.yaml', mode: constants.R_OK },
    { file: 'config/orderer.yaml', mode: constants.R_OK },
  ];
  const found = await Promise.allSettled(parts.map(({ file, mode }) => access(path.join(root, file), mode)));
  return parts.filter((_, i) => found[i]?.status === 'rejected').map(({ file }) => file);
}

async function releaseVersion(peer: string): Promise<string> {
  let output: string;
  try {
    ({ stdout: output } = await promisify(execFile)(peer, ['version'], { timeout: 20_000 }));
  } catch (cause) {
    throw new FabricHomeError(
      `${peer} does not run on this machine (wrong system or processor?). ${INSTALL}`,
      {
        cause,
      },
    );
  }
  const version = /^ *Version: *v?(\S+)/m.exec(output)?.[1];
  if (version === undefined) {
    throw new FabricHomeError(`${peer} version printed no version. ${INSTALL}`);
  }
  return version;
}

function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return major === OLDEST[0] && minor >= OLDEST[1];
}
