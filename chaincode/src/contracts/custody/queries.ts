import { custodyBytes, openCustody } from '../../state/custody-state.js';
import type { CustodyQuery } from '../../wire/index.js';
import { canonicalBytes } from '../../wire/canonical.js';
import { custodyCollection } from '../../wire/names.js';
import { encodeBase64Url } from '../../wire/base64url.js';
import { consentVersionId } from '../../wire/values/consents.js';
import type { Call } from '../call.js';

const NOTHING = new Uint8Array(0);

export async function answerCustodyQuery(
  call: Call,
  custodian: string,
  query: CustodyQuery,
): Promise<Uint8Array> {
  if (query.query === 'custody') return custodyBytes(call.stub, custodian);
  if (query.query === 'event-hash') return eventHash(call, custodian, query.event);

  const { values } = await openCustody(call.stub, custodian);
  switch (query.query) {
    case 'subject':
      return values.bytesAt(values.key('subject', query.subject));
    case 'record':
      return values.bytesAt(values.key('descriptor', query.record));
    case 'consent':
      return values.bytesAt(values.key('consent', ...consentVersionId(query.consent, query.version ?? 1)));
    case 'policies':
      return values.bytesAt(values.key('policies', query.subject));
    case 'key':
      return values.bytesAt(values.key('key', query.subject, query.key));
    case 'delegation':
      return values.bytesAt(values.key('delegation', query.delegation));
    case 'event':
      return values.bytesAt(values.key('event', query.requester, query.jti));
  }
}

/** Needs no membership of the collection: the hash is on every peer. */
async function eventHash({ stub }: Call, custodian: string, event: string): Promise<Uint8Array> {
  const hash = await stub.getPrivateDataHash(custodyCollection(custodian), event);
  return hash.length === 0 ? NOTHING : canonicalBytes({ hash: encodeBase64Url(hash) });
}
