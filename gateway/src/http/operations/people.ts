import type { FhirResource } from '@consent-ledger/chaincode/wire';
import { findConsent } from '../../usecases/consent-versions.js';
import { fileConsent, registerSubject, withdrawConsent } from '../../usecases/consents.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import type { Members } from '../../usecases/members.js';
import { pseudonymOf } from '../../usecases/request-object.js';
import { Refusal } from '../../usecases/refusal.js';
import type { Transactions } from '../../usecases/transactions.js';
import type { HandlersOf } from '../handlers.js';

export interface PeopleOptions {
  readonly members: Members;
  readonly transactions: Transactions;
  readonly pseudonymKey: Uint8Array;
  /** The own custody; absent at members that keep no records. */
  readonly own: CustodyView | undefined;
  readonly custodyOf: (mspId: string) => CustodyView;
}

export interface CustodianPeopleOptions {
  readonly own: CustodyView;
  readonly transactions: Transactions;
  readonly pseudonymKey: Uint8Array;
}

/** Subjects and their consents, at a custodian. */
export function custodianPeopleHandlers({
  own,
  transactions,
  pseudonymKey,
}: CustodianPeopleOptions): HandlersOf<'registerSubject' | 'fileConsent'> {
  return {
    registerSubject: async () => {
      const body = await registerSubject(own, transactions);
      return { body };
    },
    fileConsent: async ({ body, user }) => {
      const resource = body.resource as FhirResource;
      const by = pseudonymOf(user.subject, pseudonymKey);
      const { filed, transaction, block } = await fileConsent(
        { resource, evidence: { kind: 'witnessed', by, form: body.evidence.form } },
        own,
        transactions,
      );
      const { consent, version, subject, digest } = filed;
      return {
        headers: { Location: `/v1/consents/${consent}` },
        body: { consent, version, subject, digest, transaction, block },
      };
    },
  };
}

/** What oversight does as well: look at a consent, and take a withdrawal. */
export function consentHandlers(options: PeopleOptions): HandlersOf<'getConsent' | 'withdrawConsent'> {
  const { members, transactions, pseudonymKey } = options;
  return {
    getConsent: ({ params, query }) => {
      const { value, transaction, block, withdrawal } = findConsent(
        params.id,
        custodyFor(query.custodian, options),
      );
      const { consent, version, subject, digest, resource, evidence, filedAt, filedBy } = value;
      return Promise.resolve({
        body: {
          consent,
          version,
          subject,
          digest,
          resource,
          evidence,
          filedAt,
          filedBy: members.referenceOf(filedBy),
          ...(withdrawal === undefined
            ? {}
            : {
                withdrawal: {
                  at: withdrawal.at,
                  by: members.referenceOf(withdrawal.by),
                  ...(withdrawal.reason === undefined ? {} : { reason: withdrawal.reason }),
                },
              }),
          transaction,
          block,
        },
      });
    },
    withdrawConsent: async ({ params, query, body, user }) => {
      const { transaction, block, withdrawal } = await withdrawConsent(
        {
          consent: params.id,
          by: pseudonymOf(user.subject, pseudonymKey),
          form: body.form,
          reason: body.reason,
        },
        custodyFor(query.custodian, options),
        transactions,
      );
      return { body: { consent: params.id, withdrawnAt: withdrawal.at, transaction, block } };
    },
  };
}

/** Whose custody a call is about: the own one, or at oversight the one that it names. */
export function custodyFor(
  custodian: string | undefined,
  { members, own, custodyOf }: PeopleOptions,
): CustodyView {
  if (custodian === undefined) {
    if (own !== undefined) return own;
    throw new Refusal('parameter-malformed', {
      errors: [{ path: 'query.custodian', message: 'is needed at the gateway of an oversight member' }],
    });
  }
  const mspId = members.byReference(custodian)?.mspId;
  if (mspId === undefined || !members.readable.some((one) => one.mspId === mspId))
    throw new Refusal('custodian-unknown');
  return custodyOf(mspId);
}
