import type { OpenCustody } from '../../state/index.js';
import {
  Refusal,
  instantOf,
  verifyReceipt,
  type AccessEvent,
  type CommandOf,
  type ReceiptClaims,
} from '../../wire/index.js';
import type { Call } from '../call.js';

/**
 * Logs what the requester says it received. Every line of a receipt is kept as it was signed, also one that says that less came
 * than was sent; the first receipt for a record stands, and the same one again changes nothing.
 */
export async function recordDelivery(
  { at, publicState }: Call,
  { custody, values }: OpenCustody,
  { event: key, receipt }: CommandOf<'record-delivery'>,
): Promise<void> {
  const ledger = await publicState.ledger();
  if (ledger === undefined) throw new Refusal('ledger-not-founded');
  const event = await values.getAt('event', key);
  if (event === undefined) throw new Refusal('event-unknown');
  const requester = await publicState.member(event.requester);
  if (requester === undefined) throw new Refusal('member-unknown');
  const { custodian } = custody;
  const claims = verifyReceipt(receipt, { ledgerId: ledger.id, custodian, event: key, requester });
  if (claims === undefined || !permitsAll(event, claims)) throw new Refusal('receipt-refused');

  for (const { record, bytes, digest, complete } of claims.records) {
    if ((await values.get('delivery', key, record)) !== undefined) continue;
    const line = { event: key, record, receipt, bytes, digest, complete, at: instantOf(at) };
    await values.put('delivery', [key, record], line);
  }
}

function permitsAll(event: AccessEvent, claims: ReceiptClaims): boolean {
  const permitted = new Set(
    event.records.filter(({ outcome }) => outcome === 'permit').map(({ record }) => record),
  );
  return claims.records.every(({ record }) => permitted.has(record));
}
