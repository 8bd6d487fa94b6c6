import { randomBytes } from 'node:crypto';
import {
  consentContent,
  encodeBase64Url,
  keyContent,
  signedConsentId,
  statementBytes,
  statementChallenge,
  statementOf,
  withdrawalContent,
  withoutIdentifyingText,
  type FhirResource,
  type RelyingParty,
  type StatementContent,
} from '@consent-ledger/chaincode/wire';
import type { StatementInput, StatementMade } from '@consent-ledger/chaincode/wire/http';
import type { Notices } from '../ports/notices.js';
import { subjectOf } from './consents.js';
import type { CustodyView } from './custody-view.js';
import { newDelegationId } from './delegations.js';
import type { Members } from './members.js';
import { Refusal } from './refusal.js';
import { listKeys, namedKey } from './subject-keys.js';

export interface StatementsOptions {
  readonly ledgerId: string;
  readonly now: () => number;
  readonly notices: Notices;
  readonly members: Members;
  readonly passkeys: readonly RelyingParty[];
}

/** What is to be said, in whose name, and who says it. */
interface Said {
  readonly content: StatementContent;
  readonly subject: string;
  readonly signer: string;
}

/**
 * What somebody must sign to do something in a subject's name (docs/architecture.md section 9), with a fresh nonce and the
 * date. Nothing is kept: whoever verifies makes it again. Throws a Refusal: `subject-unknown`, `consent-unknown`,
 * `delegation-unknown`, `relying-party-unknown`, `subject-key-unusable`, `consent-refused`.
 */
export function makeStatement(
  input: StatementInput,
  custody: CustodyView,
  options: StatementsOptions,
): StatementMade {
  const { content, subject, signer } = saidIn(input, custody, options);
  const nonce = encodeBase64Url(randomBytes(16));
  const date = new Date(options.now()).toISOString();
  const place = { ledger: options.ledgerId, custodian: custody.custodian };
  const statement = statementOf(content, { ...place, subject, nonce, date });
  const isNew = content.statement === 'consent' && content.version === undefined;
  return {
    statement: statement as unknown as StatementMade['statement'],
    bytes: encodeBase64Url(statementBytes(statement)),
    challenge: encodeBase64Url(statementChallenge(statement)),
    nonce,
    date,
    ...(isNew ? { consent: signedConsentId(statement) } : {}),
    ...(content.statement === 'delegation' ? { delegation: content.delegation } : {}),
    keys: listKeys(signer, custody, options.notices, options.members)
      .filter(({ ended }) => ended === undefined)
      .map(({ key, credential, relyingParty }) => ({
        key,
        method: credential === undefined ? ('jws' as const) : ('webauthn' as const),
        ...(credential === undefined ? {} : { credential }),
        ...(relyingParty === undefined ? {} : { relyingParty }),
      })),
  };
}

function saidIn(input: StatementInput, custody: CustodyView, { passkeys }: StatementsOptions): Said {
  switch (input.statement) {
    case 'consent':
      return consentIn(input, custody);
    case 'withdrawal': {
      const { consent, reason, collected, delegation } = input;
      const subject = custody.get('consent', consent)?.value.subject;
      if (subject === undefined) throw new Refusal('consent-unknown');
      return inTheNameOf(subject, withdrawalContent({ consent, reason, collected }), delegation, custody);
    }
    case 'key': {
      const { subject, replaces } = input;
      const { kid, given } = namedKey(input.key, passkeys);
      const relyingParty = given.kind === 'passkey' ? given.relyingParty : undefined;
      return { content: keyContent({ key: kid, replaces, relyingParty }), subject, signer: subject };
    }
    case 'key-end':
      return {
        content: { statement: 'key-end', key: input.key },
        subject: input.subject,
        signer: input.subject,
      };
    case 'delegation': {
      const { subject, delegation = newDelegationId(), delegate, relationship, scope, period } = input;
      const content = { statement: 'delegation', delegation, delegate, relationship, scope, period } as const;
      return { content, subject, signer: subject };
    }
    case 'delegation-end': {
      const { subject, delegation } = input;
      const signer = input.as === 'subject' ? subject : delegateOf(delegation, subject, custody);
      return { content: { statement: 'delegation-end', delegation }, subject, signer };
    }
  }
}

function consentIn(
  { resource, version = 1, delegation }: Extract<StatementInput, { statement: 'consent' }>,
  custody: CustodyView,
): Said {
  const clean = withoutIdentifyingText(resource).resource;
  const consent = version === 1 ? '' : idIn(clean);
  const content = consentContent({ resource: clean, consent, version });
  return inTheNameOf(subjectOf(clean), content, delegation, custody);
}

function idIn({ id }: FhirResource): string {
  if (typeof id === 'string') return id;
  const errors = [{ path: '$.resource.id', message: 'must be the id of the consent that is changed' }];
  throw new Refusal('body-malformed', { errors });
}

function inTheNameOf(
  subject: string,
  content: Extract<StatementContent, { statement: 'consent' | 'withdrawal' }>,
  delegation: string | undefined,
  custody: CustodyView,
): Said {
  if (delegation === undefined) return { content, subject, signer: subject };
  const signer = delegateOf(delegation, subject, custody);
  return { content: { ...content, delegation }, subject, signer };
}

function delegateOf(delegation: string, subject: string, custody: CustodyView): string {
  const held = custody.get('delegation', delegation)?.value;
  if (held?.subject !== subject) throw new Refusal('delegation-unknown');
  return held.delegate;
}
