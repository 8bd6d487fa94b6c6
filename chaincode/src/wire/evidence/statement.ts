import { canonicalBytes, digestOf, SCHEMA_VERSION } from '../canonical.js';
import { hash } from 'node:crypto';
import type { FhirResource } from '../fhir-json.js';
import type { Delegation } from '../values/delegations.js';
import type { RelyingParty } from '../values/subject-keys.js';

/** Domain of every signature of a person: none of them can be taken for anything else. */
const STATEMENT_TYPE = 'consent-ledger-statement';

/** What a person says. Where somebody says it for the subject, `delegation` names by what right. */
export type StatementContent =
  | {
      readonly statement: 'consent';
      readonly consent: string;
      /** Of a later version: which consent it changes, and its number. The first version's id derives from the statement. */
      readonly id?: string;
      readonly version?: number;
      readonly delegation?: string;
    }
  | {
      readonly statement: 'withdrawal';
      readonly consent: string;
      readonly reason?: string;
      readonly collected?: string;
      readonly delegation?: string;
    }
  | {
      readonly statement: 'key';
      readonly key: string;
      readonly replaces?: string;
      readonly relyingParty?: RelyingParty;
    }
  | { readonly statement: 'key-end'; readonly key: string }
  | ({ readonly statement: 'delegation' } & Omit<DelegationTerms, 'subject'>)
  | { readonly statement: 'delegation-end'; readonly delegation: string };

export type DelegationTerms = Pick<
  Delegation,
  'delegation' | 'subject' | 'delegate' | 'relationship' | 'scope' | 'period'
>;

/** Whom, where and when it concerns: so that no signature is good anywhere else, or twice. */
export interface StatementBinding {
  readonly ledger: string;
  /** MSP id. */
  readonly custodian: string;
  /** In whose name something is said. */
  readonly subject: string;
  /** 128 random bits, base64url. */
  readonly nonce: string;
  /** Instant at which it is said. */
  readonly date: string;
}

export type Statement = StatementContent &
  StatementBinding & { readonly v: typeof SCHEMA_VERSION; readonly type: typeof STATEMENT_TYPE };

/**
 * The statement as a person signs it. Whoever verifies makes it again from what it knows itself; nothing of
 * it is taken from the signature, so there is nothing to forget to compare.
 */
export function statementOf(content: StatementContent, binding: StatementBinding): Statement {
  const { ledger, custodian, subject, nonce, date } = binding;
  return { ...content, v: SCHEMA_VERSION, type: STATEMENT_TYPE, ledger, custodian, subject, nonce, date };
}

/** The bytes that are signed: canonical JSON (RFC 8785). */
export function statementBytes(statement: Statement): Buffer {
  return canonicalBytes(statement);
}

/** SHA-256 of {@link statementBytes}: the challenge that a passkey signs. */
export function statementChallenge(statement: Statement): Buffer {
  return hash('sha256', statementBytes(statement), 'buffer');
}

/**
 * Id of the consent that a statement gives: its SHA-256 in lower-case hex, whoever signed it and however. So
 * the same statement is one consent, and is accepted once.
 */
export function signedConsentId(statement: Statement): string {
  return statementChallenge(statement).toString('hex');
}

/** Ids of this form belong to signed consents alone. */
export function isSignedConsentId(id: string): boolean {
  return /^[0-9a-f]{64}$/.test(id);
}

/** SHA-256 of a consent's canonical text without its id, which derives from it. */
export function consentDigest(resource: FhirResource): string {
  return digestOf(Object.fromEntries(Object.entries(resource).filter(([name]) => name !== 'id')));
}
