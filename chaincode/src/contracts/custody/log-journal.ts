import { RULES_VERSION } from '../../domain/rules-version.js';
import type { OpenCustody } from '../../state/index.js';
import type { CommandOf, EventDetail, Journalled, Member } from '../../wire/index.js';
import { digestOf, sha256 } from '../../wire/canonical.js';
import { instantOf } from '../../wire/instant.js';
import { journalledReason, journalledRecords, verifyJournal } from '../../wire/journal.js';
import { Refusal } from '../../wire/refusal.js';
import { parseRequestObject } from '../../wire/verify-request.js';
import type { Call } from '../call.js';

type Entry = CommandOf<'log-journal'>['entries'][number];

/**
 * Logs what was released in emergencies while the ledger was out of reach, as events of their own kind: with what both gateways signed
 * before a key left, under the key of the request's event, so that each is there once. The same again changes nothing.
 *
 * @throws Refusal `ledger-not-founded`, `journal-off`, `journal-refused`, `request-replayed`
 */
export async function logJournal(
  call: Call,
  open: OpenCustody,
  { entries }: CommandOf<'log-journal'>,
): Promise<void> {
  const ledger = await call.publicState.ledger();
  if (ledger === undefined) throw new Refusal('ledger-not-founded');
  const details: EventDetail[] = [];
  for (const entry of entries) {
    const members = await membersOf(call, open, entry);
    const expected = { ledgerId: ledger.id, custody: open.custody, members, at: call.at };
    const journalled = verifyJournal(entry, expected);
    if (journalled.kind === 'refused') throw new Refusal(journalled.code);
    const { iss, jti } = journalled.request.claims;
    const key = open.values.key('event', iss, jti);
    const existing = await open.values.getAt('event', key);
    if (existing?.journal !== undefined && isThere(existing.journal, entry)) continue;
    if (existing !== undefined || details.some(({ event }) => event === key))
      throw new Refusal('request-replayed');
    const detail = await detailOf(open, key, entry, journalled);
    details.push(detail);
    writeEvent(call, open, entry, journalled, digestOf(detail));
  }
  if (details.length > 0) open.values.putUnread('details', [call.stub.getTxID()], { details, refused: [] });
}

/** What is known of who may have signed: the custodian, and whoever the request says it is of. */
async function membersOf(
  { publicState }: Call,
  { custody: { custodian } }: OpenCustody,
  { request }: Entry,
): Promise<(mspId: string) => Member | undefined> {
  const parsed = parseRequestObject(request);
  const ids = [custodian, ...(parsed.kind === 'parsed' ? [parsed.claims.iss] : [])];
  const members = new Map<string, Member | undefined>();
  for (const id of ids) members.set(id, await publicState.member(id));
  return (mspId) => members.get(mspId);
}

function isThere(
  journal: { readonly custodian: string; readonly requester?: string },
  entry: Entry,
): boolean {
  const isSame = entry.requester === undefined || journal.requester === sha256(entry.requester);
  return journal.custodian === sha256(entry.custodian) && isSame;
}

async function detailOf(
  { values }: OpenCustody,
  key: string,
  { request, custodian, requester }: Entry,
  journalled: Journalled,
): Promise<EventDetail> {
  const records: EventDetail['records'] = [];
  for (const { record } of journalled.custodian.records) {
    const descriptor = await values.get('descriptor', record);
    records.push({
      record,
      reason: journalledReason(journalled),
      basis: [],
      // Who was erased since is told nothing, and is in no log.
      subjects: descriptor?.subjects ?? [],
      ...(descriptor !== undefined && { descriptorVersion: descriptor.version }),
    });
  }
  return {
    salt: values.saltFor(`detail/${key}`),
    event: key,
    request,
    records,
    journal: { custodian, ...(requester !== undefined && { requester }) },
  };
}

function writeEvent(
  { at }: Call,
  { custody, values }: OpenCustody,
  { custodian, requester }: Entry,
  journalled: Journalled,
  details: string,
): void {
  const { iss, jti, enc } = journalled.request.claims;
  values.put('event', [iss, jti], {
    custodian: custody.custodian,
    requester: iss,
    jti,
    request: journalled.request.digest,
    at: instantOf(at),
    enc,
    details,
    records: journalledRecords(journalled),
    rules: RULES_VERSION,
    journal: {
      at: instantOf(journalled.at),
      custodian: sha256(custodian),
      ...(requester !== undefined && { requester: sha256(requester) }),
    },
  });
}
