import { parseDateTime } from '@consent-ledger/chaincode/domain';
import type { SearchClaims } from '@consent-ledger/chaincode/wire';
import { findRecords, type FindOptions } from '../../usecases/finding/find-records.js';
import { answeredByOwn, searchMember, type SearchOptions } from '../../usecases/finding/search-member.js';
import type { Members } from '../../usecases/members.js';
import { Refusal } from '../../usecases/refusal.js';
import type { Call, HandlersOf } from '../handlers.js';
import { knownToCustodian, requireKnown } from './records.js';

export interface SearchHandlerOptions {
  readonly members: Members;
  readonly search: SearchOptions;
  /** Where this member keeps records itself. */
  readonly own: FindOptions | undefined;
}

/** A member's users look for records, of others or of their own house. */
export function searchHandlers({ members, search, own }: SearchHandlerOptions): HandlersOf<'searchRecords'> {
  return {
    searchRecords: async ({ body, user, signal }) => {
      const custodian = members.byReference(body.custodian);
      if (custodian?.kind !== 'hospital') throw new Refusal('custodian-unknown');
      const { purpose, emergency, legalBasis } = body;
      const isOwn = own !== undefined && custodian.mspId === members.own.mspId;
      requireKnown(purpose, '$.purpose', isOwn ? own : undefined);
      const asked = {
        custodian: custodian.mspId,
        records: [],
        search: claimsOf(body),
        purpose: [...new Set(purpose)],
        emergency,
        legalBasis,
      };
      if (!isOwn) {
        const answered = searchMember(asked, body.custodian, user, signal, search);
        return {
          body: await answered.catch((error: unknown) => {
            throw knownToCustodian(error, purpose);
          }),
        };
      }
      const { text } = await search.signer.sign(asked, user);
      return { body: answeredByOwn(await findRecords(text, own), body.custodian) };
    },
  };
}

/** Other members' gateways. */
export function listingHandlers(find: FindOptions): HandlersOf<'answerSearch'> {
  return {
    answerSearch: async ({ body }) => ({ body: await findRecords(body.request, find) }),
  };
}

/** Throws a Refusal for a date that looks like one and is none. */
export function requireDays(authored: Call<'searchRecords'>['body']['authored']): void {
  const { start, end } = authored ?? {};
  for (const [name, date] of Object.entries({ start, end })) {
    if (date === undefined || parseDateTime(date) !== undefined) continue;
    const errors = [{ path: `$.authored.${name}`, message: 'must be a day that there is' }];
    throw new Refusal('body-malformed', { errors });
  }
}

function claimsOf({
  person,
  resourceType,
  codes,
  authored,
  after,
  limit,
}: Call<'searchRecords'>['body']): SearchClaims {
  requireDays(authored);
  const { start, end } = authored ?? {};
  return {
    person,
    ...(resourceType === undefined ? {} : { resourceType }),
    ...(codes === undefined ? {} : { codes }),
    ...(authored === undefined
      ? {}
      : { authored: { ...(start === undefined ? {} : { start }), ...(end === undefined ? {} : { end }) } }),
    ...(after === undefined ? {} : { after }),
    limit,
  };
}
