import type { OpenCustody } from '../../state/index.js';
import type { AccessEvent, CommandOf, ReceiptClaims } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import { instantOf } from '../../wire/instant.js';
import { verifyReceipt } from '../../wire/receipt.js';
import type { Call } from '../call.js';

/**
 * Logs what requesters say they received. Every line of a receipt is kept as it was signed, also one that
 * says that less came than was sent; the first receipt for a record stands, and the same one again changes
 * nothing.
 */
export async function recordDeliveries(
  call: Call,
  open: OpenCustody,
  { deliveries }: CommandOf<'record-deliveries'>,
): Promise<void> {
  const ledger = await call.publicState.ledger();
  if (ledger === undefined) throw new Refusal('ledger-not-founded');
  const written = new Set<string>();
  for (const { event, receipt } of deliveries) {
    const { records } = await claimsOf(call, open, ledger.id, event, receipt);
    for (const { record, bytes, digest, complete } of records) {
      const isThere = (await open.values.get('delivery', event, record)) !== undefined;
      if (isThere || written.has(`${event} ${record}`)) continue;
      written.add(`${event} ${record}`);
      const line = { event, record, receipt, bytes, digest, complete, at: instantOf(call.at) };
      open.values.put('delivery', [event, record], line);
    }
  }
}

async function claimsOf(
  { publicState }: Call,
  { custody: { custodian }, values }: OpenCustody,
  ledgerId: string,
  key: string,
  receipt: string,
): Promise<ReceiptClaims> {
  const event = await values.getAt('event', key);
  if (event === undefined) throw new Refusal('event-unknown');
  const requester = await publicState.member(event.requester);
  if (requester === undefined) throw new Refusal('member-unknown');
  const claims = verifyReceipt(receipt, { ledgerId, custodian, event: key, requester });
  if (claims === undefined || !permitsAll(event, claims)) throw new Refusal('receipt-refused');
  return claims;
}

function permitsAll(event: AccessEvent, claims: ReceiptClaims): boolean {
  const permitted = new Set(
    event.records.filter(({ outcome }) => outcome === 'permit').map(({ record }) => record),
  );
  return claims.records.every(({ record }) => permitted.has(record));
}
