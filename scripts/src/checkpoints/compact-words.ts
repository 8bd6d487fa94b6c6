import type { CompactEvidence } from '@consent-ledger/audit';

/** What a compact bundle proves, and what it does not. */
export function compactClaimOf({
  header,
  checkpoint,
  earlier,
  events,
  deliveries,
  others,
}: CompactEvidence): string {
  const { ledger } = header;
  const history = `the history of ledger ${ledger} up to block ${checkpoint.block}`;
  const goesOn = earlier && `that ${history} goes on from what it was up to block ${earlier.block}`;
  const count = events.length + deliveries.length + others.length;
  if (count === 0) return goesOn === undefined ? 'Nothing but the checkpoint.' : `It proves ${goesOn}.`;
  const these = count === 1 ? 'this one value is' : `these ${count} values are`;
  return `It proves that ${these} in ${history}${goesOn === undefined ? '' : `, and ${goesOn}`}. It does not prove that there are no others.`;
}

export function compactWordsOf(evidence: CompactEvidence): string[] {
  const { checkpoint, cosigners, organisations, events, deliveries, others } = evidence;
  return [
    `Proved. ${compactClaimOf(evidence)}`,
    `The checkpoint (${checkpoint.time}, ${checkpoint.size} entries) is signed by ${cosigners.length} of the ${organisations.length} organisations of the channel: ${cosigners.join(', ')}.`,
    ...events.map(
      ({ block, at, user, purpose, event }) =>
        `Block ${block}, ${at}: ${event.requester} (user ${user}, purpose ${purpose.join(', ')}) asked ${event.custodian}: ${event.records.map(({ record, outcome, code }) => `${record} ${outcome} (${code})`).join('; ')}.`,
    ),
    ...deliveries.map(
      ({ block, at, record, complete }) =>
        `Block ${block}, ${at}: ${record} was delivered${complete ? '' : ', not all of it'}.`,
    ),
    ...others.map(({ block, at, kind, collection }) => `Block ${block}, ${at}: ${kind} in ${collection}.`),
  ];
}
