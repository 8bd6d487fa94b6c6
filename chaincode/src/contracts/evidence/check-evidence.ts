import type { OpenCustody } from '../../state/index.js';
import type {
  Delegated,
  Delegation,
  FiledEvidence,
  Signature,
  Statement,
  StatementContent,
} from '../../wire/index.js';
import { statementOf } from '../../wire/evidence/statement.js';
import { keyOfProof } from '../../wire/evidence/verify-proof.js';
import { millisecondsOf } from '../../wire/instant.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';
import { checkProof, keyInForce } from './check-proof.js';

/** Clocks of people's devices may be ahead by so much, in milliseconds. */
const DATE_TOLERANCE = 300_000;

/**
 * A signature that gives something waits at most so long to be used, in milliseconds: seven days, for
 * applications that were offline. So nobody keeps one back, and files it when its signer has long thought
 * better of it.
 */
export const MAX_AGE = 7 * 86_400_000;

/** What is done in a subject's name, for evidence to be evidence of. */
export interface Act {
  readonly subject: string;
  readonly content: StatementContent;
  /** How long a signature may wait to be used, in milliseconds; absent: for ever. */
  readonly maxAge?: number;
  /** Whether a delegate may do it, given what they were entrusted with; absent: none may. */
  readonly delegable?: (delegation: Delegation) => boolean;
  /** Whether the collection that the act is written to is the one that counts what passkeys sign. */
  readonly counts: boolean;
}

/** What was signed and with which key; both absent where it was witnessed. */
export interface CheckedEvidence {
  readonly statement?: Statement;
  readonly key?: string;
}

/**
 * Checks how it is known that a subject wants what is done in their name. All that is read is written at most
 * once (keys, delegations and their ends), so that nobody can make a withdrawal invalid by writing.
 * @throws Refusal `evidence-...`, `delegation-...`
 */
export async function checkEvidence(
  call: Call,
  open: OpenCustody,
  evidence: FiledEvidence,
  act: Act,
): Promise<CheckedEvidence> {
  switch (evidence.kind) {
    case 'witnessed':
      return {};
    case 'signed':
      return checkSignature(call, open, evidence, act.subject, act);
    case 'delegated': {
      const { delegate } = await delegationFor(call, open, evidence, act);
      if (evidence.act.kind === 'witnessed') return {};
      const content = { ...act.content, delegation: evidence.delegation };
      return checkSignature(call, open, evidence.act, delegate, { ...act, content });
    }
  }
}

/** @param holder whose key must have signed; `act.subject` is in whose name */
async function checkSignature(
  call: Call,
  open: OpenCustody,
  signature: Signature,
  holder: string,
  act: Act,
): Promise<CheckedEvidence> {
  const statement = await boundStatement(call, open, signature, act);
  const kid = keyOfProof(signature.proof);
  if (kid === undefined) throw new Refusal('evidence-signature-refused', ['$.evidence.proof']);
  const key = await keyInForce(open, holder, kid);
  await checkProof(open, key, signature.proof, statement, act.counts);
  return { statement, key: kid };
}

/** The statement that must have been signed, made of what the ledger knows. */
export async function boundStatement(
  { at, publicState }: Call,
  { custody }: OpenCustody,
  { nonce, date }: Signature,
  { subject, content, maxAge }: Pick<Act, 'subject' | 'content' | 'maxAge'>,
): Promise<Statement> {
  const age = at - millisecondsOf(date);
  const isOld = maxAge !== undefined && age > maxAge;
  if (isOld || !(age >= -DATE_TOLERANCE)) throw new Refusal('evidence-date-refused');
  const ledger = await publicState.ledger();
  if (ledger === undefined) throw new Refusal('ledger-not-founded');
  return statementOf(content, { ledger: ledger.id, custodian: custody.custodian, subject, nonce, date });
}

async function delegationFor(
  { at }: Call,
  { values }: OpenCustody,
  evidence: Delegated,
  { subject, delegable }: Act,
): Promise<Delegation> {
  if (delegable === undefined) throw new Refusal('evidence-not-accepted', ['$.evidence.kind']);
  const delegation = await values.get('delegation', evidence.delegation);
  const end = await values.get('delegationend', evidence.delegation);
  if (delegation?.subject !== subject) throw new Refusal('delegation-unknown');
  const { period } = delegation;
  const isRunning = millisecondsOf(period.start) <= at && at < millisecondsOf(period.end);
  if (end !== undefined || !isRunning) throw new Refusal('delegation-not-in-force');
  if (!delegable(delegation)) throw new Refusal('delegation-exceeded');
  return delegation;
}
