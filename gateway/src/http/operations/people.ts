import type { FiledEvidence, z } from '@consent-ledger/chaincode/wire';
import type { withdrawConsentBody } from '@consent-ledger/chaincode/wire/http';
import { findConsent } from '../../usecases/consent-versions.js';
import { byWordOfMouth, fileConsent, registerSubject, withdrawConsent } from '../../usecases/consents.js';
import { filedEvidence, withSignedId } from '../../usecases/evidence.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import type { Members } from '../../usecases/members.js';
import { Refusal } from '../../usecases/refusal.js';
import type { Transactions } from '../../usecases/transactions.js';
import { withoutServerMeta } from '../fhir/consent-resource.js';
import type { HandlersOf } from '../handlers.js';
import { witnessFor } from '../witness.js';

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
  readonly ledgerId: string;
}

/** Subjects and their consents, at a custodian. */
export function custodianPeopleHandlers({
  own,
  transactions,
  pseudonymKey,
  ledgerId,
}: CustodianPeopleOptions): HandlersOf<'registerSubject' | 'fileConsent'> {
  return {
    registerSubject: async () => {
      const body = await registerSubject(own, transactions);
      return { body };
    },
    fileConsent: async ({ body, user }) => {
      const evidence = filedEvidence(body.evidence, witnessFor(user, pseudonymKey));
      const given = withoutServerMeta(body.resource);
      const place = { ledgerId, custodian: own.custodian };
      const resource = withSignedId(given, evidence, place);
      const { filed, transaction, block } = await fileConsent({ resource, evidence }, own, transactions);
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
    withdrawConsent: async ({ params: { id: consent }, query, body, user }) => {
      const { reason, collected, evidence: given } = body;
      const custody = custodyFor(query.custodian, options);
      const { transaction, block, withdrawal } = await withdrawConsent(
        {
          consent,
          reason,
          collected,
          evidence: withdrawalEvidence(consent, given, witnessFor(user, pseudonymKey)),
        },
        custody,
        transactions,
      );
      return { body: { consent, withdrawnAt: withdrawal.at, transaction, block } };
    },
  };
}

type WithdrawalEvidence = z.output<typeof withdrawConsentBody>['evidence'];

function withdrawalEvidence(
  consent: string,
  given: WithdrawalEvidence,
  witness: () => string,
): FiledEvidence {
  if (given === undefined) return byWordOfMouth(consent, witness());
  if (given.kind !== 'witnessed') return filedEvidence(given, witness);
  const { kind, form } = given;
  return form === undefined ? byWordOfMouth(consent, witness()) : filedEvidence({ kind, form }, witness);
}

/** Whose custody a call is about: the own one, or at oversight the one that it names. */
export function custodyFor(
  custodian: string | undefined,
  { members, own, custodyOf }: Pick<PeopleOptions, 'members' | 'own' | 'custodyOf'>,
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
