import {
  acceptAgreement,
  dropAgreement,
  endAgreement,
  listAgreements,
  proposeAgreement,
  type RegisteringOptions,
} from '../../usecases/agreements.js';
import {
  confirmLegalBasis,
  dropLegalBasis,
  endLegalBasis,
  listLegalBases,
  proposeLegalBasis,
} from '../../usecases/legal-bases.js';
import type { User } from '../../ports/token-verifier.js';
import type { HandlersOf } from '../handlers.js';
import { guardSignatory } from '../signatory.js';

type AgreementOperation =
  | 'listAgreements'
  | 'proposeAgreement'
  | 'acceptAgreement'
  | 'dropAgreement'
  | 'endAgreement'
  | 'listLegalBases'
  | 'proposeLegalBasis'
  | 'confirmLegalBasis'
  | 'dropLegalBasis'
  | 'endLegalBasis';

/** What members agree on with each other, and on what legal basis they may ask. */
export function agreementHandlers(options: RegisteringOptions): HandlersOf<AgreementOperation> {
  const guard = (user: User): void => {
    guardSignatory(user, options.members);
  };
  return {
    listAgreements: () => Promise.resolve({ body: { agreements: listAgreements(options) } }),
    proposeAgreement: async ({ params, body, user }) => {
      guard(user);
      return { body: await proposeAgreement(params.member, body, options) };
    },
    acceptAgreement: async ({ params, body, user }) => {
      guard(user);
      return { body: await acceptAgreement(params.member, body.proposal, options) };
    },
    dropAgreement: async ({ params, user }) => {
      guard(user);
      return { body: await dropAgreement(params.member, options) };
    },
    endAgreement: async ({ params, user }) => {
      guard(user);
      return { body: await endAgreement(params.member, options) };
    },
    listLegalBases: () => Promise.resolve({ body: { legalBases: listLegalBases(options) } }),
    proposeLegalBasis: async ({ params, body, user }) => {
      guard(user);
      return { body: await proposeLegalBasis(params.id, body, options) };
    },
    confirmLegalBasis: async ({ params, body, user }) => {
      guard(user);
      return { body: await confirmLegalBasis(params.id, body.proposal, options) };
    },
    dropLegalBasis: async ({ params, user }) => {
      guard(user);
      return { body: await dropLegalBasis(params.id, options) };
    },
    endLegalBasis: async ({ params, user }) => {
      guard(user);
      return { body: await endLegalBasis(params.id, options) };
    },
  };
}
