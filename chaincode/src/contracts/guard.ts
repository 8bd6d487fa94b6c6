import type { Audience } from '../wire/index.js';
import { Refusal } from '../wire/refusal.js';
import { isOversightKind } from '../wire/values/member.js';
import { mayCall } from '../wire/access.js';
import type { Call, Environment } from './call.js';

export interface About {
  /** MSP id of the member that the command is about. */
  readonly self?: string;
  /** MSP id of the custodian that the function names. */
  readonly custodian?: string;
  /** MSP id of the sponsor that the function names. */
  readonly sponsor?: string;
}

const ASKS_OVERSIGHT: ReadonlySet<Audience> = new Set([
  'collection-client',
  'oversight-client',
  'own-or-oversight-client',
  'study-client',
]);

/** @throws Refusal `caller-not-allowed` */
export async function guardCaller(call: Call, audience: Audience, about: About): Promise<void> {
  const isOversight = ASKS_OVERSIGHT.has(audience) && (await isOversightMember(call, about));
  if (!mayCall(audience, call.caller, { ...about, isOversight })) throw new Refusal('caller-not-allowed');
}

/** Those whom the call is about need no look at the ledger. */
async function isOversightMember({ caller, publicState }: Call, about: About): Promise<boolean> {
  if ([about.custodian, about.sponsor, about.self].includes(caller.mspId)) return false;
  const member = await publicState.member(caller.mspId);
  return member !== undefined && isOversightKind(member.kind);
}

/**
 * The timestamp of a transaction is what its caller says. Endorsers refuse one that is too far from their own
 * clock, so that nobody decides under yesterday's consents; a refusal is all that a clock may lead to.
 * @throws Refusal `transaction-time-refused`
 */
export function guardTime(at: number, environment: Environment): void {
  if (Math.abs(at - environment.now()) > environment.maxSkew) throw new Refusal('transaction-time-refused');
}
