import {
  CUSTODY_KEY,
  custodyCollection,
  MEMBER_PREFIX,
  withdrawalCollection,
} from '@consent-ledger/chaincode/wire';
import { compare, type ComparedWrite } from '../../history/believe.js';
import type { DeliveredTransaction } from '../../history/delivered-block.js';
import type { Changes } from '../changes.js';
import { positionOf } from '../position.js';
import { foldDelivery, foldDetails, foldEvent, foldReview } from './events.js';
import { foldAmendment, foldAmendmentTold } from './amendments.js';
import { foldCustody, foldDescriptor, foldMember } from './holdings.js';
import {
  foldBasis,
  foldConsent,
  foldDelegation,
  foldDelegationEnd,
  foldKey,
  foldKeyEnd,
  foldSubject,
  foldErasure,
  foldWithdrawn,
} from './people.js';
import { base64Url, type ValueAt } from './value-at.js';

/** False: it is not of the shape of its kind. */
type Fold = (value: ValueAt, changes: Changes) => boolean;

/** By kind of the key. Of kinds that are not here nothing is asked. */
const FOLDS: Readonly<Record<string, Fold>> = {
  [CUSTODY_KEY]: foldCustody,
  event: foldEvent,
  details: foldDetails,
  delivery: foldDelivery,
  review: foldReview,
  subject: foldSubject,
  descriptor: foldDescriptor,
  consent: foldConsent,
  withdrawn: foldWithdrawn,
  key: foldKey,
  keyend: foldKeyEnd,
  delegation: foldDelegation,
  delegationend: foldDelegationEnd,
  erasure: foldErasure,
  basis: foldBasis,
  amendment: foldAmendment,
  amendmenttold: foldAmendmentTold,
};

export interface Followed {
  /** Name of the chaincode on the channel. */
  readonly chaincode: string;
  /** Collections that the member is in. */
  readonly collections: ReadonlySet<string>;
}

/** Folds a valid transaction that was not folded before. */
export function foldTransaction(
  block: number,
  transaction: DeliveredTransaction,
  followed: Followed,
  changes: Changes,
): void {
  foldPublic(block, transaction, followed, changes);
  const writes = compare(transaction, followed.chaincode);
  const placeOf = placesOf(writes);
  writes.forEach((write, place) => {
    if (!followed.collections.has(write.collection)) {
      changes.passedOver.add(write.collection);
      return;
    }
    const position = positionOf(block, transaction.index, place);
    const at = { key_hash: base64Url(write.keyHash), collection: write.collection, position };
    if (write.isDelete) {
      changes.removals.push({ position, keyHash: at.key_hash });
      changes.add('tombstone', { ...at, at: transaction.at });
    } else if (write.known === undefined) {
      changes.add('pending', { ...at, since: transaction.at });
      if (write.isAltered) changes.add('alarm', { ...at, kind: 'altered', at: transaction.at });
    } else foldKnown(block, transaction, write, position, placeOf, changes);
  });
}

/** Folds those values of a transaction that were pending and are there now. */
export function foldLate(
  block: number,
  transaction: DeliveredTransaction,
  followed: Followed,
  isPending: (position: number) => boolean,
  changes: Changes,
): void {
  const writes = compare(transaction, followed.chaincode);
  const placeOf = placesOf(writes);
  writes.forEach((write, place) => {
    const position = positionOf(block, transaction.index, place);
    if (write.known === undefined || !isPending(position)) return;
    changes.filled.push(position);
    foldKnown(block, transaction, write, position, placeOf, changes);
  });
}

function foldKnown(
  block: number,
  transaction: DeliveredTransaction,
  { collection, keyHash, known }: ComparedWrite,
  position: number,
  placeOf: ValueAt['placeOf'],
  changes: Changes,
): void {
  if (known === undefined) return;
  const { key, value } = known;
  const fold = FOLDS[key.split('/', 1)[0] ?? ''];
  const at: ValueAt = {
    position,
    block,
    transaction,
    collection,
    custodian: custodianOf(collection),
    key,
    keyHash: base64Url(keyHash),
    value,
    placeOf,
  };
  if (fold !== undefined && !fold(at, changes))
    changes.add('alarm', {
      position,
      kind: 'malformed',
      key_hash: at.keyHash,
      collection,
      at: transaction.at,
    });
}

function foldPublic(
  block: number,
  { index, writes, at }: DeliveredTransaction,
  { chaincode }: Followed,
  changes: Changes,
): void {
  for (const { namespace, collection, key, isDelete, value } of writes) {
    if (namespace !== chaincode || collection !== '' || isDelete || !key.startsWith(MEMBER_PREFIX)) continue;
    const position = positionOf(block, index, 0);
    if (!foldMember(position, value, changes))
      changes.add('alarm', { position, kind: 'malformed', key_hash: null, collection: '', at });
  }
}

/** Collections are named for their custodians. */
function custodianOf(collection: string): string {
  const prefix = [custodyCollection(''), withdrawalCollection('')].find((one) => collection.startsWith(one));
  return collection.slice(prefix?.length ?? 0);
}

function placesOf(writes: readonly ComparedWrite[]): ValueAt['placeOf'] {
  // Only details ask, and not every transaction has any.
  let places: Map<string, number> | undefined;
  return (keyHash) => {
    places ??= new Map(writes.map((write, place) => [write.keyHash, place]));
    return places.get(keyHash);
  };
}
