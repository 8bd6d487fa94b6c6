import { createHash } from 'node:crypto';
import { canonicalBytes, MATCH_ASKED_TYP, MATCH_FOUND_TYP, withFound } from '@consent-ledger/chaincode/wire';
import {
  matchAsked,
  type MatchAnswer,
  type MatchAsked,
  type MatchBody,
  type MatchFound,
} from '@consent-ledger/chaincode/wire/http';
import type { MemberKeys } from '../../ports/member-keys.js';
import type { PatientIndex, PatientMatch } from '../../ports/patient-index.js';
import { sealMessage } from '../../release/sealed-message.js';
import { CheckLimit } from '../check-limit.js';
import type { AcceptedRequest } from '../decisions.js';
import { mayTellOf, type FindOptions } from '../finding/find-records.js';
import { encryptionKeyOf } from '../release-records.js';
import { Refusal } from '../refusal.js';
import type { FoundPersons } from './found-persons.js';

export interface AnswerMatchOptions {
  readonly find: FindOptions;
  readonly index: PatientIndex;
  readonly found: FoundPersons;
  readonly keys: Pick<MemberKeys, 'openSealed'>;
  readonly limits: { readonly matchesPerUser: number; readonly matchesPerMember: number };
  readonly now: () => number;
}

/** Every answer is as long as this before it is sealed, whatever it says. */
const ANSWER_BYTES = 1_024;

/** What a request object names in the place of a person: the very bytes of the demographics, which nobody can guess back. */
export function matchPerson(demographics: string): string {
  return `match/${createHash('sha256').update(demographics).digest('base64url')}`;
}

/** Answers other members' questions for a person, at the custodian. */
export class MatchAnswers {
  readonly #options: AnswerMatchOptions;
  readonly #users: CheckLimit;
  readonly #members: CheckLimit;

  constructor(options: AnswerMatchOptions) {
    this.#options = options;
    this.#users = new CheckLimit(options.limits.matchesPerUser);
    this.#members = new CheckLimit(options.limits.matchesPerMember);
  }

  /**
   * Logs the question as an access event, without records and without demographics, and says whom it means: one person, of whom this
   * requester may know something for these purposes. Nobody, several, and somebody of whom nothing may be known are the same answer,
   * of the same length and after the same work on the ledger. Throws a Refusal: those of a search, and `match-limit-reached`.
   */
  async answer({ request, demographics }: MatchBody): Promise<MatchAnswer> {
    const { find, found } = this.#options;
    const accepted = find.accept(request);
    if (accepted.claims.search?.person !== matchPerson(demographics)) throw new Refusal('request-malformed');
    const recipient = encryptionKeyOf(accepted);
    this.#count(accepted);
    const asked = await this.#open(demographics);
    const [decided, meant] = await Promise.all([
      find.decide(withFound(accepted, [])),
      this.#meant(asked, find.accept(request)),
    ]);
    const { key, value, transaction, block } = decided;
    const match =
      meant === undefined
        ? null
        : { ...found.refer(meant.subject, accepted.claims), grade: meant.grade, score: meant.score };
    return {
      event: { key, value: value.toString('base64url'), transaction, block },
      answer: await sealMessage(paddedAnswer({ event: key, match }), MATCH_FOUND_TYP, recipient),
    };
  }

  async #open(demographics: string): Promise<MatchAsked> {
    try {
      const opened = await this.#options.keys.openSealed(demographics, MATCH_ASKED_TYP);
      return matchAsked.parse(JSON.parse(Buffer.from(opened).toString('utf8')));
    } catch {
      // Without a cause: what could not be read could hold a person's data, and an error is logged.
      throw new Refusal('request-malformed');
    }
  }

  async #meant(
    { patient, onlyCertainMatches }: MatchAsked,
    request: AcceptedRequest,
  ): Promise<PatientMatch | undefined> {
    const { find, index } = this.#options;
    const matches = await index.match(patient);
    const certain = matches.filter(({ grade }) => grade === 'certain');
    const eligible = certain.length > 0 || onlyCertainMatches ? certain : matches;
    const [only, ...others] = eligible;
    if (only === undefined || others.length > 0) return undefined;
    return (await mayTellOf(only.subject, request, find)) ? only : undefined;
  }

  #count({ claims: { iss, sub } }: AcceptedRequest): void {
    const at = this.#options.now();
    const user = `${iss} ${sub}`;
    const wait = Math.max(this.#users.wait(user, 1, at), this.#members.wait(iss, 1, at));
    if (wait > 0) throw new Refusal('match-limit-reached', { retryAfterSeconds: wait });
    this.#users.count(user, 1, at);
    this.#members.count(iss, 1, at);
  }
}

function paddedAnswer(answer: MatchFound): Buffer {
  return Buffer.concat([canonicalBytes(answer), Buffer.alloc(ANSWER_BYTES, ' ')]).subarray(0, ANSWER_BYTES);
}
