import type { User } from '../../ports/token-verifier.js';
import type { CustodyView } from '../../usecases/custody-view.js';
import {
  confirmSubjectBasis,
  dropSubjectBasis,
  endSubjectBasis,
  listSubjectBases,
  proposeSubjectBasis,
  type SubjectBasisOptions,
  type SubjectBasisPlace,
} from '../../usecases/subject-bases.js';
import type { HandlersOf } from '../handlers.js';
import { guardSignatory } from '../signatory.js';

type SubjectBasisOperation =
  'listSubjectBases' | 'proposeSubjectBasis' | 'confirmSubjectBasis' | 'dropSubjectBasis' | 'endSubjectBasis';

export interface SubjectBasisHandlerOptions extends SubjectBasisOptions {
  /** The custody that a call is about: the own one, or at oversight the one that it names. */
  readonly custodyFor: (custodian: string | undefined) => CustodyView;
}

interface Call {
  readonly params: { readonly id: string; readonly basis: string };
  readonly query: { readonly custodian?: string | undefined };
  readonly user: User;
}

/** Legal bases about one patient: at the custodian, and at oversight. */
export function subjectBasisHandlers(options: SubjectBasisHandlerOptions): HandlersOf<SubjectBasisOperation> {
  const enter = ({ params: { id: subject, basis }, query, user }: Call): SubjectBasisPlace => {
    guardSignatory(user, options.members);
    return { custody: options.custodyFor(query.custodian), subject, basis };
  };
  return {
    listSubjectBases: ({ params: { id: subject }, query }) => {
      const custody = options.custodyFor(query.custodian);
      return Promise.resolve({
        body: { subject, legalBases: listSubjectBases({ custody, subject }, options) },
      });
    },
    proposeSubjectBasis: async (call) => ({
      body: await proposeSubjectBasis(enter(call), call.body, options),
    }),
    confirmSubjectBasis: async (call) => ({
      body: await confirmSubjectBasis(enter(call), call.body.proposal, options),
    }),
    dropSubjectBasis: async (call) => ({ body: await dropSubjectBasis(enter(call), options) }),
    endSubjectBasis: async (call) => ({ body: await endSubjectBasis(enter(call), options) }),
  };
}
