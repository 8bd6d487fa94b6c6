import { randomBytes } from 'node:crypto';
import {
  decodeBase64Url,
  personKeyId,
  readCoseKey,
  type CommandOf,
  type GivenKey,
  type RelyingParty,
} from '@consent-ledger/chaincode/wire';
import type { GivenKeyInput, KeyList } from '@consent-ledger/chaincode/wire/http';
import type { Notices } from '../ports/notices.js';
import type { CustodyView } from './custody-view.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import type { Committed, Transactions } from './transactions.js';

/** A key with its thumbprint, as it goes to the ledger. */
export interface NamedKey {
  readonly kid: string;
  readonly given: GivenKey;
}

/**
 * The key as the ledger takes it: which pages may ask for a passkey's signature comes from this gateway's configuration,
 * never from whoever registers it. Throws a Refusal: `relying-party-unknown`, `subject-key-unusable`.
 */
export function namedKey(input: GivenKeyInput, passkeys: readonly RelyingParty[]): NamedKey {
  if (input.kind === 'jwk') return { kid: personKeyId(input.jwk), given: input };
  const { credential, cose } = input;
  const [only, ...others] = passkeys;
  const relyingParty =
    input.relyingParty === undefined && others.length === 0
      ? only
      : passkeys.find(({ id }) => id === input.relyingParty);
  if (relyingParty === undefined) throw new Refusal('relying-party-unknown');
  const bytes = decodeBase64Url(cose);
  const jwk = bytes === undefined ? undefined : readCoseKey(bytes);
  if (jwk === undefined) throw new Refusal('subject-key-unusable');
  const given: GivenKey = { kind: 'passkey', credential, cose, relyingParty };
  return { kid: personKeyId(jwk), given };
}

/** Registers a key, or replaces one. Throws a Refusal: the chaincode's own. */
export function registerKey(
  { kid, given }: NamedKey,
  terms: Pick<CommandOf<'register-key'>, 'subject' | 'replaces' | 'evidence' | 'possession'>,
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed & { readonly key: string }> {
  const command = { v: 1, command: 'register-key', salt: freshSalt(), key: given, ...terms } as const;
  return transactions
    .run(command, { contract: 'custody', custodian: custody.custodian })
    .then((committed) => ({ ...committed, key: kid }));
}

/** Ends a key; what stands is the first end. Throws a Refusal: the chaincode's own. */
export async function revokeKey(
  terms: Pick<CommandOf<'revoke-key'>, 'subject' | 'key' | 'evidence'>,
  custody: CustodyView,
  transactions: Transactions,
): Promise<Committed> {
  const ended = custody.get('keyend', terms.subject, terms.key);
  if (ended !== undefined) return { transaction: ended.transaction, block: ended.block };
  const command = { v: 1, command: 'revoke-key', salt: freshSalt(), ...terms } as const;
  return await transactions.run(command, { contract: 'custody', custodian: custody.custodian });
}

/** All keys of a subject, those that ended too, oldest first. Throws a Refusal `subject-unknown`. */
export function listKeys(
  subject: string,
  custody: CustodyView,
  notices: Notices,
  members: Members,
): KeyList['keys'] {
  if (custody.get('subject', subject) === undefined) throw new Refusal('subject-unknown');
  return kidsOf(subject, custody, notices).flatMap((kid) => {
    const held = custody.get('key', subject, kid);
    if (held === undefined) return [];
    const { key, jwk, passkey, replaces, evidence, registeredAt, registeredBy } = held.value;
    const end = custody.get('keyend', subject, kid)?.value;
    return [
      {
        key,
        jwk,
        ...(passkey === undefined
          ? {}
          : { credential: passkey.credential, relyingParty: passkey.relyingParty.id }),
        ...(replaces === undefined ? {} : { replaces }),
        evidence: evidence.kind,
        registeredAt,
        registeredBy: members.referenceOf(registeredBy),
        ...(end === undefined
          ? {}
          : { ended: { at: end.endedAt, reason: end.reason, evidence: end.evidence.kind } }),
        transaction: held.transaction,
        block: held.block,
      },
    ];
  });
}

function kidsOf(subject: string, { custodian }: CustodyView, notices: Notices): string[] {
  return notices
    .about(custodian, subject)
    .filter(({ kind }) => kind === 'key-registered')
    .map(({ about }) => about);
}

function freshSalt(): string {
  return randomBytes(32).toString('base64url');
}
