import { encodeMessage, sha256, type ProtoWriter } from '../../wire-format/index.js';
import type { Version } from '../ports.js';

/** Above this number of reads the set carries a Merkle summary instead [txmgr/query_executor.go]. */
export const MERKLE_MAX_DEGREE = 50;

export interface KeyRead {
  readonly key: string;
  readonly version: Version | undefined;
}

export interface MerkleSummary {
  readonly maxLevel: number;
  readonly hashes: readonly Buffer[];
}

export interface RangeQueryInfo {
  readonly startKey: string;
  readonly endKey: string;
  readonly exhausted: boolean;
  /** Absent when nothing was read. */
  readonly reads?: readonly KeyRead[] | MerkleSummary;
}

export function writeKeyRead(writer: ProtoWriter, read: KeyRead): void {
  writer.bytes(1, read.key);
  writeVersion(writer, 2, read.version);
}

export function writeVersion(writer: ProtoWriter, field: number, version: Version | undefined): void {
  if (version !== undefined) {
    writer.message(field, (height) => {
      height.number(1, version.block);
      height.number(2, version.tx);
    });
  }
}

/**
 * Summarises the results of a range query as Fabric does, so that a validator can find phantoms without the reads
 * themselves [rwsetutil/query_results_helper.go].
 */
export class RangeReads {
  /** @param maxDegree Reads or hashes that stay uncombined; a validator takes the one that was recorded. */
  constructor(private readonly maxDegree = MERKLE_MAX_DEGREE) {}

  private pending: KeyRead[] = [];
  /** Hashes by level; index 0 is the leaf level, which Fabric calls 1. */
  private readonly levels: Buffer[][] = [[]];

  add(read: KeyRead): void {
    this.pending.push(read);
    if (this.pending.length > this.maxDegree) {
      this.hashPending();
    }
  }

  result(): RangeQueryInfo['reads'] {
    if (this.levels.length === 1 && this.level(0).length === 0) {
      return this.pending.length === 0 ? undefined : this.pending;
    }
    if (this.pending.length > 0) {
      this.hashPending();
    }
    return this.summarise();
  }

  private hashPending(): void {
    const reads = this.pending;
    this.pending = [];
    const bytes = encodeMessage((writer) => {
      for (const read of reads) {
        writer.message(1, (element) => {
          writeKeyRead(element, read);
        });
      }
    });
    this.level(0).push(sha256(bytes));
    for (let level = 0; this.level(level).length > this.maxDegree; level += 1) {
      this.level(level + 1).push(combine(this.level(level)));
      this.levels[level] = [];
    }
  }

  /** Lifts what is left on the lower levels until only the top level remains. */
  private summarise(): MerkleSummary {
    let top = this.levels.length - 1;
    for (let level = 0; level < top; level += 1) {
      const hashes = this.level(level);
      const only = hashes[0];
      if (only !== undefined) {
        this.level(level + 1).push(hashes.length === 1 ? only : combine(hashes));
      }
    }
    let hashes = this.level(top);
    if (hashes.length > this.maxDegree) {
      hashes = [combine(hashes)];
      top += 1;
    }
    return { maxLevel: top + 1, hashes };
  }

  private level(index: number): Buffer[] {
    return (this.levels[index] ??= []);
  }
}

function combine(hashes: readonly Buffer[]): Buffer {
  return sha256(Buffer.concat(hashes));
}
