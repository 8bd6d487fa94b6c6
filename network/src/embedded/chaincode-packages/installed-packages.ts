import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChaincodeEndpoint } from '../chaincode-stream/connection.js';
import { readPackage, type OwnTls } from './package.js';

export interface InstalledPackage {
  readonly label: string;
  readonly packageId: string;
  readonly endpoint: ChaincodeEndpoint;
}

/**
 * The chaincode packages on one organisation's peer. Those that the configuration states are there from the start;
 * others come through the lifecycle, as on Fabric, and stay [core/chaincode/persistence/persistence.go].
 */
export class InstalledPackages {
  readonly #folder: string;
  readonly #own: OwnTls;
  readonly #packages = new Map<string, InstalledPackage>();
  #revision = 0;

  /** @param folder The peer's own; made when something is installed. @throws Error for a file that is no package. */
  constructor(folder: string, own: OwnTls, stated: Iterable<ChaincodeEndpoint>) {
    this.#folder = folder;
    this.#own = own;
    for (const file of filesIn(folder)) {
      const read = readPackage(readFileSync(join(folder, file)), own);
      this.#packages.set(read.packageId, read);
    }
    this.state(stated);
  }

  /** Counts changes. */
  get revision(): number {
    return this.#revision;
  }

  /** Puts packages there without their bytes: whoever states them answers for them. */
  state(stated: Iterable<ChaincodeEndpoint>): void {
    for (const endpoint of stated) {
      const { packageId } = endpoint;
      const label = packageId.slice(0, packageId.lastIndexOf(':'));
      this.#packages.set(packageId, { label, packageId, endpoint });
      this.#revision += 1;
    }
  }

  all(): InstalledPackage[] {
    return [...this.#packages.values()];
  }

  find(packageId: string): InstalledPackage | undefined {
    return this.#packages.get(packageId);
  }

  /** @throws Error in Fabric's words for what is no package, or is there already. */
  install(bytes: Uint8Array): InstalledPackage {
    const read = readPackage(bytes, this.#own);
    const { packageId } = read;
    const file = fileOf(packageId);
    if (filesIn(this.#folder).includes(file)) {
      throw new Error(`chaincode already successfully installed (package ID '${packageId}')`);
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    // A package may hold the key of a client certificate.
    writeFileSync(join(this.#folder, `.${file}`), bytes, { mode: 0o600, flush: true });
    renameSync(join(this.#folder, `.${file}`), join(this.#folder, file));
    this.#packages.set(packageId, read);
    this.#revision += 1;
    return read;
  }

  /** @throws Error also for one that the configuration states: its bytes are not here. */
  bytes(packageId: string): Buffer {
    if (!filesIn(this.#folder).includes(fileOf(packageId))) {
      throw new Error(
        `could not load cc install package: chaincode install package '${packageId}' not found`,
      );
    }
    return readFileSync(join(this.#folder, fileOf(packageId)));
  }
}

function fileOf(packageId: string): string {
  return `${packageId.replace(':', '.')}.tar.gz`;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((file) => file.endsWith('.tar.gz') && !file.startsWith('.'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
