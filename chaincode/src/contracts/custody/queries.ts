import { custodyBytes, openCustody } from '../../state/custody-state.js';
import type { CustodyQuery } from '../../wire/index.js';
import { custodyCollection } from '../../wire/names.js';
import { consentVersionId } from '../../wire/values/consents.js';
import type { Call } from '../call.js';
import { hashAnswer } from '../hash-answer.js';

export async function answerCustodyQuery(
  call: Call,
  custodian: string,
  query: CustodyQuery,
): Promise<Uint8Array> {
  if (query.query === 'custody') return custodyBytes(call.stub, custodian);
  const collection = custodyCollection(custodian);
  if (query.query === 'event-hash') return hashAnswer(call, collection, query.event);
  if (query.query === 'slip-hash') return hashAnswer(call, collection, query.slip);

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
    case 'enrolment':
      return values.bytesAt(values.key('enrolment', query.study, query.subject));
    case 'event':
      return values.bytesAt(values.key('event', query.requester, query.jti));
  }
}
