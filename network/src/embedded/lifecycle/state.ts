import type { TxSimulator } from '../simulator/tx-simulator.js';
import { LIFECYCLE_NAMESPACE } from './definitions.js';
import { implicitCollectionOf } from './implicit-collections.js';

/** State as the lifecycle sees it, inside one transaction: every look is recorded. */
export interface ReadableState {
  get(key: string): Buffer | undefined;
}

export interface WritableState extends ReadableState {
  put(key: string, value: Buffer): void;
  delete(key: string): void;
}

export interface RangeableState extends ReadableState {
  /** Keys that begin so. */
  startingWith(prefix: string): { key: string; value: Buffer }[];
}

/** Of another organisation, what everybody knows. */
export interface OpaqueState {
  readonly mspId: string;
  /** SHA-256 of the value. */
  hash(key: string): Buffer | undefined;
}

export function publicState(simulator: TxSimulator): WritableState & RangeableState {
  return {
    get: (key) => simulator.getState(LIFECYCLE_NAMESPACE, key),
    put: (key, value) => {
      simulator.setState(LIFECYCLE_NAMESPACE, key, value);
    },
    delete: (key) => {
      simulator.deleteState(LIFECYCLE_NAMESPACE, key);
    },
    startingWith: (prefix) =>
      collect(simulator.rangeScan(LIFECYCLE_NAMESPACE, prefix, `${prefix}${HIGHEST}`)),
  };
}

/** The organisation's own implicit collection. */
export function organisationState(simulator: TxSimulator, mspId: string): WritableState & RangeableState {
  const collection = implicitCollectionOf(mspId);
  return {
    get: (key) => simulator.getPrivateData(LIFECYCLE_NAMESPACE, collection, key),
    put: (key, value) => {
      simulator.setPrivateData(LIFECYCLE_NAMESPACE, collection, key, value);
    },
    delete: (key) => {
      simulator.deletePrivateData(LIFECYCLE_NAMESPACE, collection, key);
    },
    startingWith: (prefix) =>
      collect(simulator.privateRangeScan(LIFECYCLE_NAMESPACE, collection, prefix, `${prefix}${HIGHEST}`)),
  };
}

export function opaqueState(simulator: TxSimulator, mspId: string): OpaqueState {
  const collection = implicitCollectionOf(mspId);
  return { mspId, hash: (key) => simulator.getPrivateDataHash(LIFECYCLE_NAMESPACE, collection, key) };
}

/** Fabric's own end of a range [core/chaincode/lifecycle/ledger_shim.go]. */
const HIGHEST = '\u007f';

function collect(results: ReturnType<TxSimulator['rangeScan']>): { key: string; value: Buffer }[] {
  const found: { key: string; value: Buffer }[] = [];
  for (let next = results.next(); next !== undefined; next = results.next()) found.push(next);
  results.close();
  return found;
}
