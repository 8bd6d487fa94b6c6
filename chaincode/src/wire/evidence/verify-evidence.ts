import type { CompiledPolicy } from '../../domain/index.js';
import { liesWithin } from '../../domain/lies-within.js';
import { millisecondsOf } from '../instant.js';
import { Refusal } from '../refusal.js';
import type {
  Delegated,
  Delegation,
  FiledEvidence,
  PrivateValue,
  Signature,
  SubjectKey,
} from '../values/index.js';
import { statementOf, type Statement, type StatementContent } from './statement.js';
import { keyOfProof, verifyProof } from './verify-proof.js';

/** Clocks of people's devices may be ahead by so much, in milliseconds. */
const DATE_TOLERANCE = 300_000;

/**
 * A signature that gives something waits at most so long to be used, in milliseconds: seven days, for
 * applications that were offline. So nobody keeps one back, and files it when its signer has long thought
 * better of it.
 */
export const MAX_SIGNATURE_AGE = 7 * 86_400_000;

/**
 * What evidence is verified against, wherever it is done: endorsers read it from the ledger, so that it is in
 * the read set, an auditor from the history. Both use the functions of this file, so that they cannot differ.
 */
export interface EvidenceState {
  readonly ledgerId: string;
  /** MSP id. */
  readonly custodian: string;
  get<Kind extends 'key' | 'keyend' | 'delegation' | 'delegationend'>(
    kind: Kind,
    ...id: readonly [string, ...string[]]
  ): Promise<PrivateValue<Kind> | undefined>;
}

/** What is done in a subject's name, for evidence to be evidence of. */
export interface Act {
  readonly subject: string;
  readonly content: StatementContent;
  /** Time of the transaction, epoch milliseconds. */
  readonly at: number;
  /** How long a signature may wait to be used, in milliseconds; absent: for ever. */
  readonly maxAge?: number;
  /** Whether a delegate may do it, given what they were entrusted with; absent: none may. */
  readonly delegable?: (delegation: Delegation) => boolean;
}

export interface VerifiedSignature {
  readonly statement: Statement;
  readonly key: SubjectKey;
  /** Sign counter of a passkey; 0 where nothing is counted. */
  readonly count: number;
}

/**
 * Verifies how it is known that a subject wants what is done in their name. All that is read is written at most
 * once (keys, delegations and their ends), so that nobody can make a withdrawal invalid by writing.
 * @returns who signed what; undefined where it was witnessed
 * @throws Refusal `evidence-...`, `delegation-...`
 */
export async function verifyEvidence(
  state: EvidenceState,
  evidence: FiledEvidence,
  act: Act,
): Promise<VerifiedSignature | undefined> {
  switch (evidence.kind) {
    case 'witnessed':
      return undefined;
    case 'signed':
      return signedBy(state, evidence, act.subject, act);
    case 'delegated': {
      const { delegate } = await delegationFor(state, evidence, act);
      if (evidence.act.kind === 'witnessed') return undefined;
      const content = { ...act.content, delegation: evidence.delegation };
      return signedBy(state, evidence.act, delegate, { ...act, content });
    }
  }
}

/**
 * Verifies a signature of a key over the statement that the act makes.
 * @throws Refusal `evidence-date-refused`, `evidence-signature-refused`
 */
export function verifySignature(
  { ledgerId, custodian }: Pick<EvidenceState, 'ledgerId' | 'custodian'>,
  { nonce, date, proof }: Signature,
  key: SubjectKey,
  { subject, content, at, maxAge }: Act,
): VerifiedSignature {
  const age = at - millisecondsOf(date);
  const isOld = maxAge !== undefined && age > maxAge;
  if (isOld || !(age >= -DATE_TOLERANCE)) throw new Refusal('evidence-date-refused');
  const statement = statementOf(content, { ledger: ledgerId, custodian, subject, nonce, date });
  const verdict = verifyProof(proof, statement, key);
  if (!verdict.ok) throw new Refusal('evidence-signature-refused', [`$.proof.${verdict.fault}`]);
  return { statement, key, count: verdict.count };
}

/**
 * A key that signs for that subject now.
 * @throws Refusal `evidence-key-unknown`, `evidence-key-ended`
 */
export async function keyInForce(state: EvidenceState, subject: string, kid: string): Promise<SubjectKey> {
  const key = await state.get('key', subject, kid);
  const end = await state.get('keyend', subject, kid);
  if (key === undefined) throw new Refusal('evidence-key-unknown');
  if (end !== undefined) throw new Refusal('evidence-key-ended');
  return key;
}

/**
 * Whether a delegate may file a consent. Whoever changes or supersedes a consent ends it, as a withdrawal would.
 * @param ended what it changes or supersedes
 */
export function mayFile(
  { scope }: Delegation,
  policy: CompiledPolicy,
  ended: readonly CompiledPolicy[],
): boolean {
  const mayEnd = ended.length === 0 || scope.acts.includes('withdraw');
  return scope.acts.includes('file') && mayEnd && [policy, ...ended].every((one) => liesWithin(one, scope));
}

/** Whether a delegate may withdraw a consent. */
export function mayWithdraw({ scope }: Delegation, policy: CompiledPolicy): boolean {
  return scope.acts.includes('withdraw') && liesWithin(policy, scope);
}

/** @param holder whose key must have signed; `act.subject` is in whose name */
async function signedBy(
  state: EvidenceState,
  signature: Signature,
  holder: string,
  act: Act,
): Promise<VerifiedSignature> {
  const kid = keyOfProof(signature.proof);
  if (kid === undefined) throw new Refusal('evidence-signature-refused', ['$.proof']);
  return verifySignature(state, signature, await keyInForce(state, holder, kid), act);
}

async function delegationFor(
  state: EvidenceState,
  evidence: Delegated,
  { subject, delegable, at }: Act,
): Promise<Delegation> {
  if (delegable === undefined) throw new Refusal('evidence-not-accepted', ['$.evidence.kind']);
  const delegation = await state.get('delegation', evidence.delegation);
  const end = await state.get('delegationend', evidence.delegation);
  if (delegation?.subject !== subject) throw new Refusal('delegation-unknown');
  const { period } = delegation;
  const isRunning = millisecondsOf(period.start) <= at && at < millisecondsOf(period.end);
  if (end !== undefined || !isRunning) throw new Refusal('delegation-not-in-force');
  if (!delegable(delegation)) throw new Refusal('delegation-exceeded');
  return delegation;
}
