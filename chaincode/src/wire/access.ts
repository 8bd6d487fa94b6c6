import type { CustodyCommand, RegistryCommand, StudyCommand, WithdrawalCommand } from './commands/index.js';
import type { CustodyQuery, RegistryQuery, StudyQuery, WithdrawalQuery } from './queries.js';

/** Role of an identity: the one NodeOU of its certificate. An identity with none, or with two, has no role. */
export const ROLES = ['client', 'admin', 'peer', 'orderer'] as const;
export type Role = (typeof ROLES)[number];

/** Who calls: MSP id and role of the certificate that signed the proposal, which the peer has verified. */
export interface Caller {
  readonly mspId: string;
  readonly role: Role | undefined;
}

/**
 * Who may call something.
 * - `any-admin`: an admin of any member.
 * - `own-admin`: an admin of the member that the command is about.
 * - `any-identity`: a client or an admin of any member.
 * - `any-client`: a client of any member.
 * - `custodian-client`: a client of the custodian that the function names.
 * - `collection-client`: a client of that custodian, or of a member registered as oversight organisation.
 * - `oversight-client`: a client of a member registered as oversight organisation.
 * - `own-client`: a client of the member that the command is about.
 * - `own-or-oversight-client`: such a client, or one of a member registered as oversight organisation.
 * - `study-client`: a client of the site or the sponsor that the function names, or of an oversight organisation.
 */
export type Audience =
  | 'any-admin'
  | 'own-admin'
  | 'any-identity'
  | 'any-client'
  | 'custodian-client'
  | 'collection-client'
  | 'oversight-client'
  | 'own-client'
  | 'own-or-oversight-client'
  | 'study-client';

/** The one table of who may call what. What is not in it may be called by nobody. */
export const ACCESS = {
  registry: {
    apply: {
      'found-ledger': 'any-admin',
      'register-member': 'own-admin',
      'move-epoch': 'oversight-client',
      'state-study': 'own-or-oversight-client',
      'sign-checkpoint': 'any-client',
      'propose-agreement': 'any-client',
      'accept-agreement': 'any-client',
      'drop-agreement': 'any-client',
      'end-agreement': 'any-client',
      'propose-legal-basis': 'oversight-client',
      'confirm-legal-basis': 'any-client',
      'drop-legal-basis': 'oversight-client',
      'end-legal-basis': 'any-client',
      'commit-journal': 'any-client',
    },
    query: {
      ledger: 'any-identity',
      epoch: 'any-identity',
      members: 'any-identity',
      member: 'any-identity',
      study: 'any-identity',
      checkpoint: 'any-identity',
      agreement: 'any-identity',
      'agreement-proposal': 'any-identity',
      'legal-basis': 'any-identity',
      'legal-basis-proposal': 'any-identity',
    },
  },
  custody: {
    apply: {
      'open-custody': 'custodian-client',
      'register-subject': 'custodian-client',
      'register-record': 'custodian-client',
      'register-records': 'custodian-client',
      'file-consent': 'custodian-client',
      'register-key': 'custodian-client',
      'revoke-key': 'custodian-client',
      'register-delegation': 'custodian-client',
      'end-delegation': 'custodian-client',
      decide: 'custodian-client',
      'record-deliveries': 'custodian-client',
      'erase-subject': 'custodian-client',
      'review-emergency': 'collection-client',
      'log-journal': 'collection-client',
      enrol: 'custodian-client',
      'propose-subject-basis': 'collection-client',
      'confirm-subject-basis': 'collection-client',
      'drop-subject-basis': 'collection-client',
      'end-subject-basis': 'collection-client',
      'request-amendment': 'custodian-client',
      'extend-amendment': 'custodian-client',
      'answer-amendment': 'custodian-client',
      'dispute-amendment': 'custodian-client',
      'tell-amendment': 'custodian-client',
    },
    query: {
      custody: 'collection-client',
      subject: 'collection-client',
      record: 'collection-client',
      consent: 'collection-client',
      policies: 'collection-client',
      key: 'collection-client',
      delegation: 'collection-client',
      event: 'collection-client',
      'event-hash': 'any-client',
      'slip-hash': 'any-client',
      enrolment: 'collection-client',
    },
  },
  withdrawal: {
    apply: { withdraw: 'collection-client' },
    query: {
      withdrawals: 'collection-client',
      withdrawn: 'collection-client',
      'withdrawn-hash': 'any-client',
    },
  },
  study: {
    apply: {
      'state-terms': 'own-or-oversight-client',
      'record-participations': 'collection-client',
      'acknowledge-stop': 'own-client',
    },
    query: { terms: 'study-client', participation: 'study-client', stopping: 'study-client' },
  },
} as const satisfies {
  registry: AccessOf<RegistryCommand, RegistryQuery>;
  custody: AccessOf<CustodyCommand, CustodyQuery>;
  withdrawal: AccessOf<WithdrawalCommand, WithdrawalQuery>;
  study: AccessOf<StudyCommand, StudyQuery>;
};

interface AccessOf<Command extends { command: string }, Query extends { query: string }> {
  readonly apply: Readonly<Record<Command['command'], Audience>>;
  readonly query: Readonly<Record<Query['query'], Audience>>;
}

/** What a call is about, as far as an audience needs it. */
export interface CallSubject {
  /** Member that the command is about. */
  readonly self?: string;
  /** Custodian, or site of a study, that the function names. */
  readonly custodian?: string;
  /** Sponsor that the function names. */
  readonly sponsor?: string;
  /** Whether the ledger has the caller's member as an oversight organisation. */
  readonly isOversight: boolean;
}

/** Whether the caller belongs to the audience. */
export function mayCall(audience: Audience, caller: Caller, about: CallSubject): boolean {
  switch (audience) {
    case 'any-admin':
      return caller.role === 'admin';
    case 'own-admin':
      return caller.role === 'admin' && caller.mspId === about.self;
    case 'any-identity':
      return caller.role === 'client' || caller.role === 'admin';
    case 'any-client':
      return caller.role === 'client';
    case 'custodian-client':
      return caller.role === 'client' && caller.mspId === about.custodian;
    case 'collection-client':
      return caller.role === 'client' && (caller.mspId === about.custodian || about.isOversight);
    case 'oversight-client':
      return caller.role === 'client' && about.isOversight;
    case 'own-client':
      return caller.role === 'client' && caller.mspId === about.self;
    case 'own-or-oversight-client':
      return caller.role === 'client' && (caller.mspId === about.self || about.isOversight);
    case 'study-client':
      return (
        caller.role === 'client' &&
        ([about.custodian, about.sponsor].includes(caller.mspId) || about.isOversight)
      );
  }
}
