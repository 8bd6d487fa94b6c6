import { canonicalBytes } from '@consent-ledger/chaincode/wire';

/**
 * What a record's ciphertext is bound to (docs/architecture.md section 6); one that was pseudonymised on its way out, to the digest of the
 * profile too.
 */
export function recordBinding(custodian: string, record: string, version: number, profile?: string): Buffer {
  return canonicalBytes({ custodian, record, version, ...(profile === undefined ? {} : { profile }) });
}
