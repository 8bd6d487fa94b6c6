import {
  consentDigest,
  signedConsentId,
  statementOf,
  type FhirResource,
  type Signature,
  type Statement,
  type StatementBinding,
  type StatementContent,
} from '@consent-ledger/chaincode/wire';
import { randomBytes } from 'node:crypto';
import type { Signer } from '../../../support/signers.js';
import { EVIDENCE, SUBJECT, consentOf } from './fixtures.js';
import { LEDGER_ID, RIVERSIDE, type World } from './world.js';

/** What is said in the subject's name at Riverside, just now, unless a test says otherwise. */
export function say(
  world: World,
  content: StatementContent,
  changes: Partial<StatementBinding> = {},
): Statement {
  return statementOf(content, {
    ledger: LEDGER_ID,
    custodian: RIVERSIDE,
    subject: SUBJECT,
    nonce: randomBytes(16).toString('base64url'),
    date: new Date(world.now).toISOString(),
    ...changes,
  });
}

/** The part of a signed statement that goes into a command. */
export function signatureOf(statement: Statement, signer: Signer): Signature {
  return { nonce: statement.nonce, date: statement.date, proof: signer.prove(statement) };
}

export function signedBy(statement: Statement, signer: Signer): Signature & { kind: 'signed' } {
  return { kind: 'signed', ...signatureOf(statement, signer) };
}

/** A consent of the subject's with the id that derives from what is signed. */
export interface SignedConsent {
  readonly consent: string;
  readonly resource: FhirResource;
  readonly statement: Statement;
}

export function consentToSign(
  world: World,
  options: {
    readonly resource?: FhirResource;
    readonly binding?: Partial<StatementBinding>;
    readonly delegation?: string;
  } = {},
): SignedConsent {
  const { resource = consentOf('unsigned'), binding = {}, delegation } = options;
  const content = { statement: 'consent', consent: consentDigest(resource) } as const;
  const statement = say(world, delegation === undefined ? content : { ...content, delegation }, binding);
  const consent = signedConsentId(statement);
  return { consent, resource: { ...resource, id: consent }, statement };
}

/** The command that registers a key, witnessed unless a test says otherwise. */
export function registerKeyCommand(
  world: World,
  signer: Signer,
  subject = SUBJECT,
): {
  readonly command: 'register-key';
  readonly subject: string;
  readonly key: Signer['given'];
  readonly evidence: typeof EVIDENCE;
  readonly possession: Signature;
} {
  return {
    command: 'register-key',
    subject,
    key: signer.given,
    evidence: EVIDENCE,
    possession: signatureOf(keyStatement(world, signer, subject), signer),
  };
}

export function keyStatement(
  world: World,
  { kid, given }: Signer,
  subject = SUBJECT,
  replaces?: string,
): Statement {
  const content = {
    statement: 'key',
    key: kid,
    ...(replaces === undefined ? {} : { replaces }),
    ...(given.kind === 'passkey' ? { relyingParty: given.relyingParty } : {}),
  } as const;
  return say(world, content, { subject });
}
