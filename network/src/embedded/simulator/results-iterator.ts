import type { StateValue, Version } from '../ports.js';
import { RangeReads } from './range-query-info.js';
import type { RangeQueryInfo } from './range-query-info.js';

export interface KeyValue {
  readonly key: string;
  readonly value: Buffer;
}

/** Something the chaincode pages through. `undefined` from `next` is the end. */
export interface ResultsIterator<Result> {
  next(): Result | undefined;
  /** First key that was not returned, or '' at the end. Ends the iterator. */
  closeWithBookmark(): string;
  close(): void;
}

/**
 * Range over the public state. Every record that is pulled counts as read, whether the chaincode sees it or not
 * [txmgr/query_executor.go].
 */
export class RangeIterator implements ResultsIterator<KeyValue> {
  private readonly reads = new RangeReads();
  private returned = 0;
  private reachedKey = '';
  private exhausted = false;

  constructor(
    readonly namespace: string,
    private readonly startKey: string,
    private readonly endKey: string,
    private readonly source: Iterator<{ key: string } & StateValue>,
    /** 0 = no limit. */
    private readonly limit: number,
  ) {}

  next(): KeyValue | undefined {
    const record = this.pull();
    if (record === undefined) {
      this.exhausted = true;
      this.reachedKey = this.endKey;
      return undefined;
    }
    this.reads.add(record);
    this.reachedKey = record.key;
    return record;
  }

  closeWithBookmark(): string {
    const following = this.source.next();
    this.close();
    return following.done === true ? '' : following.value.key;
  }

  close(): void {
    this.source.return?.();
  }

  info(): RangeQueryInfo {
    const reads = this.reads.result();
    return {
      startKey: this.startKey,
      endKey: this.reachedKey,
      exhausted: this.exhausted,
      ...(reads === undefined ? {} : { reads }),
    };
  }

  private pull(): { key: string; value: Buffer; version: Version } | undefined {
    if (this.limit > 0 && this.returned >= this.limit) {
      return undefined;
    }
    const result = this.source.next();
    if (result.done === true) {
      return undefined;
    }
    this.returned += 1;
    return result.value;
  }
}

/** Results that leave no trace in the read set: private ranges and histories. */
export class UnrecordedIterator<Result> implements ResultsIterator<Result> {
  constructor(private readonly source: Iterator<Result>) {}

  next(): Result | undefined {
    const result = this.source.next();
    return result.done === true ? undefined : result.value;
  }

  closeWithBookmark(): string {
    this.close();
    return '';
  }

  close(): void {
    this.source.return?.();
  }
}
