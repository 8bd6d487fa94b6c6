import {
  custodyCollection,
  ERASABLE_KINDS,
  personInSlip,
  withdrawalCollection,
} from '@consent-ledger/chaincode/wire';
import type { CustodyWorld, World } from '../history/world.js';

/** How many values the ledger still has of a subject who is erased. */
export function leftOf(subject: string, custody: CustodyWorld, world: World): number {
  const { custodian, pepper } = custody.custody;
  let left = 0;
  for (const collection of [custodyCollection(custodian), withdrawalCollection(custodian)]) {
    for (const kind of ERASABLE_KINDS) {
      for (const value of world.privateValues(collection, kind)) {
        if ('subjects' in value) left += Number(value.subjects.includes(subject));
        else if ('person' in value)
          left += Number(value.person === personInSlip(Buffer.from(pepper, 'base64url'), subject, value));
        else left += Number(value.subject === subject);
      }
    }
  }
  return left;
}
