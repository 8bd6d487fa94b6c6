import { createSecretKey, type KeyObject } from 'node:crypto';
import type { Custody } from '../wire/index.js';
import { CUSTODY_KEY, valueSaltFor } from '../wire/keys.js';
import { Refusal } from '../wire/refusal.js';
import { canonicalBytes } from '../wire/canonical.js';
import { custodyCollection, withdrawalCollection } from '../wire/names.js';
import { decodeBase64Url } from '../wire/base64url.js';
import { PrivateCollection, type Unsalted } from './private-collection.js';
import { StoredValueCache } from './stored.js';
import type { Stub } from './stub.js';

const custodies = new StoredValueCache<Custody>(256);

/** One custodian's open custody: its policy and its two collections. */
export interface OpenCustody {
  readonly custody: Custody;
  readonly values: PrivateCollection;
  readonly withdrawals: PrivateCollection;
}

/** The value that opens the others. */
export async function readCustody(stub: Stub, custodian: string): Promise<Custody | undefined> {
  return custodies.read(await custodyBytes(stub, custodian));
}

export function custodyBytes(stub: Stub, custodian: string): Promise<Uint8Array> {
  return stub.getPrivateData(custodyCollection(custodian), CUSTODY_KEY);
}

export function putCustody(stub: Stub, value: Unsalted<Custody>, commandSalt: Uint8Array): void {
  const stored: Custody = { ...value, v: 1, salt: valueSaltFor(commandSalt, CUSTODY_KEY) };
  stub.putPrivateData(custodyCollection(value.custodian), CUSTODY_KEY, canonicalBytes(stored));
}

/**
 * @param commandSalt of the command; absent in a query
 * @throws Refusal `custody-not-open`
 */
export async function openCustody(stub: Stub, custodian: string, commandSalt?: string): Promise<OpenCustody> {
  const custody = await readCustody(stub, custodian);
  if (custody === undefined) throw new Refusal('custody-not-open');
  const pepper = secretOf(custody.pepper);
  const salt = commandSalt === undefined ? undefined : secretOf(commandSalt);
  return {
    custody,
    values: new PrivateCollection(stub, custodyCollection(custodian), pepper, salt),
    withdrawals: new PrivateCollection(stub, withdrawalCollection(custodian), pepper, salt),
  };
}

function secretOf(base64Url: string): KeyObject {
  return createSecretKey(bytesOf(base64Url));
}

/** Of a text that a schema has checked. */
export function bytesOf(base64Url: string): Uint8Array {
  const bytes = decodeBase64Url(base64Url);
  if (bytes === undefined) throw new TypeError('Not base64url.');
  return bytes;
}
