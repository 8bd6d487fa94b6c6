import { encodeMessage } from '../../wire-format/index.js';
import type { HistoryEntry } from '../simulator/tx-simulator.js';
import type { KeyValue, ResultsIterator } from '../simulator/results-iterator.js';

/** Records in one answer. The peer pulls one more before it answers, to know whether there is more. */
const BATCH_SIZE = 100;

/** ledger.state.totalQueryLimit of core.yaml. */
export const TOTAL_QUERY_LIMIT = 100_000;

interface OpenQuery {
  /** The next record, serialised, or undefined at the end. */
  readonly next: () => Buffer | undefined;
  readonly closeWithBookmark: () => string;
  readonly close: () => void;
  pending: Buffer[];
  returned: number;
}

/** The open result sets of one transaction [chaincode/query_response_generator.go, pending_query_result.go]. */
export class QueryResults {
  private readonly open = new Map<string, OpenQuery>();
  private opened = 0;

  /** Opens a result set and answers with its first batch (protos.QueryResponse); a page has no second one. */
  start<Result>(
    results: ResultsIterator<Result>,
    encode: (result: Result) => Buffer,
    options: { readonly paginated: boolean; readonly limit: number },
  ): Buffer {
    this.opened += 1;
    const id = String(this.opened);
    const query: OpenQuery = {
      next: () => {
        const result = results.next();
        return result === undefined ? undefined : encode(result);
      },
      closeWithBookmark: () => results.closeWithBookmark(),
      close: () => {
        results.close();
      },
      pending: [],
      returned: 0,
    };
    this.open.set(id, query);
    return this.batch(id, query, options.paginated, options.limit);
  }

  /** The next batch. Throws for an id that is not open. */
  continue(id: string): Buffer {
    const query = this.open.get(id);
    if (query === undefined) {
      throw new Error('query iterator not found');
    }
    return this.batch(id, query, false, TOTAL_QUERY_LIMIT);
  }

  /** Closing what is not open succeeds: the shim closes again what ended by itself. */
  close(id: string): Buffer {
    this.end(id);
    return encodeQueryResponse([], false, id);
  }

  closeAll(): void {
    for (const id of this.open.keys()) {
      this.end(id);
    }
  }

  private batch(id: string, query: OpenQuery, paginated: boolean, limit: number): Buffer {
    try {
      while (query.returned < limit) {
        const record = query.next();
        if (record === undefined) {
          break;
        }
        query.returned += 1;
        if (!paginated && query.pending.length === BATCH_SIZE) {
          const batch = query.pending;
          query.pending = [record];
          return encodeQueryResponse(batch, true, id);
        }
        query.pending.push(record);
      }
    } catch (error) {
      this.end(id);
      throw error;
    }
    if (!paginated) {
      this.end(id);
      return encodeQueryResponse(query.pending, false, id);
    }
    this.open.delete(id);
    const bookmark = query.closeWithBookmark();
    return encodeQueryResponse(query.pending, false, id, { count: query.returned, bookmark });
  }

  private end(id: string): void {
    const query = this.open.get(id);
    this.open.delete(id);
    query?.close();
  }
}

function encodeQueryResponse(
  records: readonly Buffer[],
  hasMore: boolean,
  id: string,
  page?: { readonly count: number; readonly bookmark: string },
): Buffer {
  return encodeMessage((writer) => {
    for (const record of records) {
      writer.message(1, (result) => {
        result.bytes(1, record);
      });
    }
    writer.bool(2, hasMore);
    writer.bytes(3, id);
    if (page !== undefined) {
      writer.bytes(
        4,
        encodeMessage((metadata) => {
          metadata.number(1, page.count);
          metadata.bytes(2, page.bookmark);
        }),
      );
    }
  });
}

/** ledger.queryresult.KV */
export function encodeKeyValue(namespace: string, record: KeyValue): Buffer {
  return encodeMessage((writer) => {
    writer.bytes(1, namespace);
    writer.bytes(2, record.key);
    writer.bytes(3, record.value);
  });
}

/** ledger.queryresult.KeyModification */
export function encodeKeyModification(entry: HistoryEntry): Buffer {
  return encodeMessage((writer) => {
    writer.bytes(1, entry.txId);
    writer.bytes(2, entry.value);
    writer.message(3, (timestamp) => {
      timestamp.number(1, entry.timestamp.seconds);
      timestamp.number(2, entry.timestamp.nanos);
    });
    writer.bool(4, entry.isDelete);
  });
}
