import {
  canonicalBytes,
  MATCH_ASKED_TYP,
  MATCH_FOUND_TYP,
  type MemberKeyEntry,
} from '@consent-ledger/chaincode/wire';
import {
  matchFound,
  type MatchAnswer,
  type MatchAsked,
  type MatchBody,
  type MatchFound,
} from '@consent-ledger/chaincode/wire/http';
import type { User } from '../../ports/token-verifier.js';
import { sealMessage } from '../../release/sealed-message.js';
import type { SearchOptions } from '../finding/search-member.js';
import type { Members } from '../members.js';
import { witness } from '../receive-release.js';
import { Refusal } from '../refusal.js';
import type { Asked } from '../request-object.js';
import { matchPerson } from './answer-match.js';

export interface MatchOptions extends SearchOptions {
  readonly members: Members;
  /** Where the own house is asked. */
  readonly own: ((body: MatchBody) => Promise<MatchAnswer>) | undefined;
}

/** A question is as long as the next of these, so that its length tells little of whom it is about. */
const STEP_BYTES = 2_048;

/**
 * Asks a custodian whom somebody's demographics mean, and tells what it answers only when the own peer has the event that says that it
 * was asked. The demographics leave this gateway encrypted for the custodian's registered key alone. Throws a Refusal: the custodian's
 * own, `custodian-unavailable`, `release-broken`, `event-pending`.
 */
export async function matchPersonAt(
  asked: MatchAsked,
  by: Omit<Asked, 'records' | 'search'>,
  user: User,
  signal: AbortSignal,
  { chain, eventMs, keys, members, own, peers, releaseMs, signer }: MatchOptions,
): Promise<NonNullable<MatchFound['match']> | undefined> {
  chain.requireReach();
  const demographics = await sealMessage(
    padded(asked),
    MATCH_ASKED_TYP,
    encryptionKeyAt(by.custodian, members),
  );
  const search = { person: matchPerson(demographics), limit: 1 };
  const sent = await signer.sign({ ...by, records: [], search }, user);
  const body = { request: sent.text, demographics };
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(releaseMs)]);
  const answered =
    by.custodian === members.own.mspId && own !== undefined
      ? await own(body)
      : await peers.requestMatch(by.custodian, body, deadline);
  await witness(answered, sent, { chain, eventMs, keys });
  const { event, match } = await openAnswer(answered, keys);
  if (event !== answered.event.key) throw new Refusal('release-broken');
  return match ?? undefined;
}

async function openAnswer({ answer }: MatchAnswer, keys: SearchOptions['keys']): Promise<MatchFound> {
  try {
    const opened = await keys.openSealed(answer, MATCH_FOUND_TYP);
    return matchFound.parse(JSON.parse(Buffer.from(opened).toString('utf8')));
  } catch (error) {
    throw new Refusal('release-broken', { cause: error });
  }
}

/** The newest active key, as the ledger has it. */
function encryptionKeyAt(custodian: string, members: Members): MemberKeyEntry {
  const active = members
    .registered(custodian)
    ?.keys.filter(({ use, status }) => use === 'enc' && status === 'active');
  const newest = active?.at(-1);
  if (newest === undefined) throw new Refusal('custodian-unavailable');
  return newest;
}

function padded(asked: MatchAsked): Buffer {
  const bytes = canonicalBytes(asked);
  const length = Math.ceil(bytes.length / STEP_BYTES) * STEP_BYTES;
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length, ' ')]);
}
