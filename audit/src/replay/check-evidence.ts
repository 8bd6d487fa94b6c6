import { compileConsent } from '@consent-ledger/chaincode/domain';
import {
  consentContent,
  isSignedConsentId,
  keyContent,
  MAX_SIGNATURE_AGE,
  mayFile,
  mayWithdraw,
  privateValues,
  Refusal,
  signedConsentId,
  verifyEvidence,
  verifySignature,
  withdrawalContent,
  type Act,
  type Consent,
  type EvidenceState,
  type FiledEvidence,
  type PrivateValue,
  type SubjectKey,
  type Withdrawn,
} from '@consent-ledger/chaincode/wire';
import { MissingValue, type CustodyWorld } from '../history/world.js';
import type { FindingRule } from './finding.js';
import { explainGap } from './gaps.js';

/** Values that came about in a subject's name, with evidence of it. */
const EVIDENCED = ['consent', 'withdrawn', 'key', 'keyend', 'delegation', 'delegationend'] as const;
type Evidenced = (typeof EVIDENCED)[number];

export interface EvidencePlace {
  /** In the state that the transaction found. */
  readonly custody: CustodyWorld;
  readonly ledgerId: string;
  /** Timestamp of the transaction, epoch milliseconds. */
  readonly at: number;
}

export interface Broken {
  readonly rule: FindingRule;
  readonly explanation: string;
  /** Where what it rested on is not there. */
  readonly gap?: { readonly missing: MissingValue; readonly what: string };
}

/**
 * Verifies again how it is known that a subject wanted what was written in their name: so what is signed rests on
 * nobody's word, not on that of custodian and oversight together either.
 * @returns what is wrong with it; undefined where nothing is, and for values of other kinds
 */
export async function brokenEvidence(
  place: EvidencePlace,
  key: string,
  bytes: Buffer,
): Promise<Broken | undefined> {
  const kind = EVIDENCED.find((one) => key.startsWith(`${one}/`));
  if (kind === undefined) return undefined;
  const value = privateValues[kind].safeParse(jsonOf(bytes));
  if (!value.success) return wrong(`what was written as ${kind} is not of its shape`);
  try {
    return await brokenValue(place, kind, value.data);
  } catch (error) {
    if (error instanceof Refusal) return wrong(`the evidence of a ${kind} is refused as ${error.code}`);
    if (error instanceof MissingValue)
      return {
        rule: 'not-re-decidable',
        explanation: explainGap(evidenceOf(kind), error),
        gap: { missing: error, what: evidenceOf(kind) },
      };
    throw error;
  }
}

async function brokenValue(
  place: EvidencePlace,
  kind: Evidenced,
  value: PrivateValue<Evidenced>,
): Promise<Broken | undefined> {
  switch (kind) {
    case 'consent':
      return brokenConsent(place, value as Consent);
    case 'withdrawn':
      return brokenWithdrawal(place, value as Withdrawn);
    case 'key':
      return brokenKey(place, value as SubjectKey);
    case 'keyend': {
      const { subject, key, reason, evidence } = value as PrivateValue<'keyend'>;
      // A replacement's evidence is that of the key that took the place, and is verified there.
      if (reason === 'replaced') return undefined;
      return verified(place, evidence, { subject, content: { statement: 'key-end', key } });
    }
    case 'delegation': {
      const { subject, evidence, delegation, delegate, relationship, scope, period } =
        value as PrivateValue<'delegation'>;
      const content = { statement: 'delegation', delegation, delegate, relationship, scope, period } as const;
      return verified(place, evidence, { subject, content, maxAge: MAX_SIGNATURE_AGE });
    }
    case 'delegationend': {
      const { subject, evidence, delegation } = value as PrivateValue<'delegationend'>;
      const content = { statement: 'delegation-end', delegation } as const;
      return verified(place, evidence, {
        subject,
        content,
        delegable: (used) => used.delegation === delegation,
      });
    }
  }
}

async function brokenConsent(place: EvidencePlace, value: Consent): Promise<Broken | undefined> {
  const { consent, version, subject, resource, evidence } = value;
  const compiled = compileConsent(resource, {
    purposeSystems: place.custody.custody.policy.purposeSystems ?? [],
  });
  const signature = await verifyEvidence(stateOf(place), evidence, {
    subject,
    content: consentContent(value),
    at: place.at,
    maxAge: MAX_SIGNATURE_AGE,
    delegable: (delegation) => compiled.ok && mayFile(delegation, compiled.policy, []),
  });
  if (version > 1) return undefined;
  const isRight =
    signature === undefined ? !isSignedConsentId(consent) : consent === signedConsentId(signature.statement);
  return isRight ? undefined : wrong('the id of a consent is not the one that derives from what was signed');
}

async function brokenWithdrawal(place: EvidencePlace, value: Withdrawn): Promise<Broken | undefined> {
  const { consent, subject, evidence } = value;
  const policies = await place.custody.values.get('policies', subject);
  const policy = policies?.consents.find((filed) => filed.consent === consent)?.policy;
  return verified(place, evidence, {
    subject,
    content: withdrawalContent(value),
    delegable: (delegation) => policy !== undefined && mayWithdraw(delegation, policy),
  });
}

async function brokenKey(place: EvidencePlace, value: SubjectKey): Promise<Broken | undefined> {
  const { subject, key, replaces, passkey, evidence, possession } = value;
  const content = keyContent({ key, replaces, relyingParty: passkey?.relyingParty });
  const act = { subject, content, at: place.at, maxAge: MAX_SIGNATURE_AGE };
  await verifyEvidence(stateOf(place), evidence, act);
  verifySignature(stateOf(place), possession, value, act);
  return undefined;
}

async function verified(
  place: EvidencePlace,
  evidence: FiledEvidence,
  act: Omit<Act, 'at'>,
): Promise<undefined> {
  await verifyEvidence(stateOf(place), evidence, { ...act, at: place.at });
}

function stateOf({ custody, ledgerId }: EvidencePlace): EvidenceState {
  return {
    ledgerId,
    custodian: custody.custody.custodian,
    get: (kind, ...id) => custody.values.get(kind, ...id),
  };
}

function evidenceOf(kind: Evidenced): string {
  return `the evidence of a ${kind}`;
}

function wrong(explanation: string): Broken {
  return { rule: 'evidence-not-authentic', explanation };
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // No schema takes it.
  }
}
