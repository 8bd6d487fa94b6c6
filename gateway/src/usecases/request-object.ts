import { createHmac } from 'node:crypto';
import {
  MAX_REQUEST_LIFETIME_SECONDS,
  type RequestClaims,
  type SearchClaims,
} from '@consent-ledger/chaincode/wire';
import type { MemberKeys } from '../ports/member-keys.js';
import type { User } from '../ports/token-verifier.js';
import { freshBytes } from './idempotent-run.js';
import { Lru } from './lru.js';

/** What a user asks for. */
export interface Asked {
  /** MSP id. */
  readonly custodian: string;
  readonly records: readonly string[];
  /** In the place of records. */
  readonly search?: SearchClaims | undefined;
  readonly purpose: readonly string[];
  readonly emergency?: { readonly reason: string } | undefined;
  readonly legalBasis?: string | undefined;
  /** The study that it is asked for. */
  readonly study?: string | undefined;
}

export interface RequestSigner {
  /** The signed request object and what it claims. */
  sign(asked: Asked, user: User): Promise<{ readonly text: string; readonly claims: RequestClaims }>;
}

export interface RequestSignerOptions {
  readonly own: string;
  readonly ledgerId: string;
  readonly keys: MemberKeys;
  /** Key of the users' pseudonyms; whoever has it can tell which user a pseudonym is. */
  readonly pseudonymKey: Uint8Array;
  readonly now: () => number;
}

/** Makes request objects (docs/architecture.md section 3) in this member's name. */
export function createRequestSigner(options: RequestSignerOptions): RequestSigner {
  const { own, ledgerId, keys, pseudonymKey, now } = options;
  return {
    async sign(asked, user) {
      const iat = Math.floor(now() / 1000);
      const claims: RequestClaims = {
        iss: own,
        aud: asked.custodian,
        ledger: ledgerId,
        jti: freshBytes('jti', 24).toString('base64url'),
        iat,
        exp: iat + MAX_REQUEST_LIFETIME_SECONDS,
        sub: pseudonymOf(user.subject, pseudonymKey),
        roles: [...user.roles],
        ...(user.references === undefined ? {} : { references: [...user.references] }),
        auth: { time: user.authenticatedAt, methods: [...user.methods] },
        purpose: [...asked.purpose],
        records: [...asked.records],
        ...(asked.search === undefined ? {} : { search: asked.search }),
        enc: keys.encryption.kid,
        ...(asked.emergency === undefined ? {} : { emergency: asked.emergency }),
        ...(asked.legalBasis === undefined ? {} : { legalBasis: asked.legalBasis }),
        ...(asked.study === undefined ? {} : { study: asked.study }),
      };
      return { text: await keys.signRequest(claims), claims };
    },
  };
}

/** {@link pseudonymOf}, remembering those who call again and again. */
export function createPseudonyms(pseudonymKey: Uint8Array): (subject: string) => string {
  const known = new Lru<string>(REMEMBERED_USERS);
  return (subject) => {
    const pseudonym = known.get(subject) ?? pseudonymOf(subject, pseudonymKey);
    known.set(subject, pseudonym);
    return pseudonym;
  };
}

const REMEMBERED_USERS = 1_000;

/** A user's name for others: always the same, and nobody without the key can tell whose it is. */
export function pseudonymOf(subject: string, pseudonymKey: Uint8Array): string {
  return createHmac('sha256', pseudonymKey).update(subject).digest('base64url');
}
