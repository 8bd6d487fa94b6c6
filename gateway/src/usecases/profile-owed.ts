import type { EventRecord } from '@consent-ledger/chaincode/wire';

/** Digest of the profile that a permitted record must be pseudonymised by, as its event says. */
export function profileOwed({ obligations }: Pick<EventRecord, 'obligations'>): string | undefined {
  for (const owed of obligations) if (owed.code === 'pseudonymise') return owed.digest;
  return undefined;
}
