import type { RangeQueryInfo } from '../../wire-format/index.js';
import { RangeReads, type KeyRead } from '../simulator/range-query-info.js';
import { compareBytewise } from '../state/byte-order.js';
import { sameVersion, type StateReader } from '../state/entries.js';
import type { UpdateBatch } from '../state/update-batch.js';

/**
 * Whether a range still holds exactly what the simulation saw: the query is run again over the state and the
 * updates of the block so far [core/ledger/kvledger/txmgmt/validation/rangequery_validator.go].
 */
export function rangeIsUnchanged(
  query: RangeQueryInfo,
  namespace: string,
  state: StateReader,
  updates: UpdateBatch,
): boolean {
  const results = currentRange(query, namespace, state, updates);
  if (query.merkle !== undefined) {
    const { maxDegree, maxLevel, maxLevelHashes } = query.merkle;
    if (maxDegree < 2) return false;
    const reads = new RangeReads(maxDegree);
    for (const read of results) reads.add(read);
    const summary = reads.result();
    if (summary === undefined || !('hashes' in summary)) return false;
    return (
      summary.maxLevel === maxLevel &&
      summary.hashes.length === maxLevelHashes.length &&
      summary.hashes.every((hash, index) => maxLevelHashes[index]?.equals(hash) === true)
    );
  }
  for (const expected of query.rawReads) {
    const { value: read, done } = results.next();
    if (done === true || read.key !== expected.key || !sameVersion(read.version, expected.version))
      return false;
  }
  return results.next().done === true;
}

/** The committed range merged with the block's updates; the end is included when the query stopped there. */
function* currentRange(
  query: RangeQueryInfo,
  namespace: string,
  state: StateReader,
  updates: UpdateBatch,
): Generator<KeyRead, undefined> {
  const { startKey, endKey, itrExhausted } = query;
  const changed = updates.namespaces.get(namespace)?.public ?? new Map<string, never>();
  const inRange = (key: string): boolean =>
    compareBytewise(key, startKey) >= 0 && (endKey === '' || compareBytewise(key, endKey) < 0);
  const pending = [...changed.keys()].filter(inRange).sort(compareBytewise);
  let next = 0;
  for (const { key, version } of state.range(namespace, startKey, endKey)) {
    for (let own = pending[next]; own !== undefined && compareBytewise(own, key) < 0; own = pending[++next]) {
      yield* written(own, updates, namespace);
    }
    if (pending[next] === key) {
      next++;
      yield* written(key, updates, namespace);
    } else yield { key, version };
  }
  for (const own of pending.slice(next)) yield* written(own, updates, namespace);
  if (itrExhausted) return;
  if (changed.has(endKey)) {
    yield* written(endKey, updates, namespace);
    return;
  }
  const end = state.getState(namespace, endKey);
  if (end !== undefined) yield { key: endKey, version: end.version };
}

function* written(key: string, updates: UpdateBatch, namespace: string): Generator<KeyRead, undefined> {
  const update = updates.public(namespace, key);
  if (update?.entry !== undefined) yield { key, version: update.version };
}
