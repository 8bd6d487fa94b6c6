import type { NamespaceRwset } from '../../wire-format/index.js';
import { sameVersion, type StateReader } from '../state/entries.js';
import type { UpdateBatch } from '../state/update-batch.js';
import { ValidationCode } from './codes.js';
import { rangeIsUnchanged } from './range-check.js';

/**
 * Whether what a transaction read is still so, given the state and the valid transactions before it in the block
 * [core/ledger/kvledger/txmgmt/validation/validator.go: validateTx].
 */
export function checkReads(
  namespaces: readonly NamespaceRwset[],
  state: StateReader,
  updates: UpdateBatch,
): number {
  for (const { namespace, public: publicSet, collections } of namespaces) {
    for (const { key, version } of publicSet.reads) {
      if (updates.public(namespace, key) !== undefined) return ValidationCode.MVCC_READ_CONFLICT;
      if (!sameVersion(state.getState(namespace, key)?.version, version))
        return ValidationCode.MVCC_READ_CONFLICT;
    }
    for (const query of publicSet.rangeQueries) {
      if (!rangeIsUnchanged(query, namespace, state, updates)) return ValidationCode.PHANTOM_READ_CONFLICT;
    }
    for (const { collection, reads } of collections) {
      const changed = updates.namespaces.get(namespace)?.collections.get(collection);
      for (const read of reads) {
        const keyHash = read.keyHash.toString('latin1');
        if (changed?.has(keyHash) === true) return ValidationCode.MVCC_READ_CONFLICT;
        if (!sameVersion(state.getHashed(namespace, collection, keyHash)?.version, read.version)) {
          return ValidationCode.MVCC_READ_CONFLICT;
        }
      }
    }
  }
  return ValidationCode.VALID;
}
