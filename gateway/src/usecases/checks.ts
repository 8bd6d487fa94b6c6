import { RULES_VERSION, type Answer, type Problem } from '@consent-ledger/chaincode/domain';
import { instantOf } from '@consent-ledger/chaincode/wire';
import type {
  CheckPage,
  CheckQuestion,
  ChecksAnswered,
  ListChecksQuery,
} from '@consent-ledger/chaincode/wire/http';
import type { CheckedCall, CheckedQuestion, CheckLog } from '../ports/check-log.js';
import { Batcher } from './batcher.js';
import { CheckLimit } from './check-limit.js';
import { answerCheck, problemsOf, subjectsOf } from './check-question.js';
import { readCheckState, type CheckSources } from './check-state.js';
import type { CustodyView } from './custody-view.js';
import { consult, type Consulted } from './consult.js';
import { explainAnswer } from './explain-answer.js';
import { Refusal } from './refusal.js';

export interface ChecksOptions extends CheckSources {
  readonly log: CheckLog;
  readonly limits: { readonly checksPerSubject: number; readonly waitingRequests: number };
}

/** Calls whose entries go to the disk together; they wait for each other no longer than the flush before takes. */
const LOGGED_AT_ONCE = 1_000;
const WAIT_MS = 1;
/** Flushes at one time, so that a call does not wait for the one before its own. */
const FLUSHES = 4;
/** Newest calls that are counted again after a restart. */
const RECALLED = 50_000;
const TWO_HOURS_MS = 7_200_000;
/** Calls that are looked through for one page about one subject. */
const SCANNED = 2_000;

/**
 * Answers what would be decided, without releasing anything: by the evaluator that endorsers decide with, over the
 * projection as it stands. Every call is in the log before it is answered, and each subject is checked so often an hour.
 */
export class Checks {
  readonly #options: ChecksOptions;
  readonly #limit: CheckLimit;
  readonly #appending: Batcher<CheckedCall, true>;

  constructor(options: ChecksOptions) {
    const { limits, log, now } = options;
    this.#options = options;
    this.#limit = new CheckLimit(limits.checksPerSubject);
    this.#appending = new Batcher({
      size: LOGGED_AT_ONCE,
      waitMs: WAIT_MS,
      inFlight: FLUSHES,
      waiting: limits.waitingRequests,
      overflow: () => new Refusal('too-many-requests'),
      run: async (calls) => {
        await log.append(calls);
        return calls.map(() => true as const);
      },
    });
    for (const { at, checks } of log.since(now() - TWO_HOURS_MS, RECALLED)) {
      for (const { subjects, record = '' } of checks)
        for (const name of namesOf(subjects, record)) this.#limit.recall(name, 1, at, now());
    }
  }

  /**
   * One answer for each question, all as of one block. Throws a Refusal: `body-malformed` for what the rules do not know,
   * `check-limit-reached`, `event-pending` where the own peer lacks a value, `store-unavailable` where it cannot be logged.
   */
  async check(questions: readonly CheckQuestion[], user: string): Promise<ChecksAnswered> {
    requireUnderstood(questions, this.#options.custody, (index, path) => `$.questions[${index}].${path}`);
    const { height, at, state } = await readCheckState(questions, this.#options);
    const asked = questions.map((question) => {
      const { record } = question;
      return {
        question,
        subjects: subjectsOf(question, record === undefined ? undefined : state.descriptorOf(record)),
      };
    });
    this.#take(asked, at);
    const answered = asked.map((one) => ({ ...one, answer: answerCheck(one.question, state) }));
    await this.#appending.add({ at, height, user, checks: answered.map(loggedOf) });
    return {
      at: state.at,
      height,
      rules: RULES_VERSION,
      checks: answered.map(({ answer }) => explainAnswer(answer)),
    };
  }

  /**
   * One answer to all the questions together, which leave open what the records' labels are. Logged and counted as those
   * questions. Throws what `check` does.
   */
  async consult(
    questions: readonly CheckQuestion[],
    user: string,
  ): Promise<Consulted & { readonly height: number; readonly rules: string }> {
    requireUnderstood(questions, this.#options.custody, (_index, path) => inContext(path));
    const { height, at, state } = await readCheckState(questions, this.#options);
    const asked = questions.map((question) => ({ question, subjects: subjectsOf(question, undefined) }));
    this.#take(asked, at);
    const consulted = consult(questions, (question) => answerCheck(question, state));
    const checks = asked.map((one) => loggedOf({ ...one, answer: consulted.answer }));
    await this.#appending.add({ at, height, user, checks });
    return { ...consulted, height, rules: RULES_VERSION };
  }

  /** A page of the log, oldest first; of a call about several subjects only what concerns the one that is asked for. */
  list({ subject, after, limit }: ListChecksQuery): CheckPage {
    const { log } = this.#options;
    const calls: CheckPage['calls'] = [];
    let last = Number(after ?? 0);
    for (const { position, at, height, user, checks } of log.after(
      last,
      subject === undefined ? limit : SCANNED,
    )) {
      last = position;
      const about = checks.filter(({ subjects }) => subject === undefined || subjects.includes(subject));
      if (about.length > 0) calls.push({ at: instantOf(at), height, user, checks: about });
      if (calls.length === limit) break;
    }
    return { calls, ...(log.after(last, 1).length === 0 ? {} : { next: `${last}` }) };
  }

  #take(
    asked: readonly { readonly question: CheckQuestion; readonly subjects: readonly string[] }[],
    at: number,
  ): void {
    const counts = new Map<string, number>();
    for (const { question, subjects } of asked) {
      for (const name of namesOf(subjects, question.record ?? ''))
        counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    let wait = 0;
    for (const [name, count] of counts) wait = Math.max(wait, this.#limit.wait(name, count, at));
    if (wait > 0) throw new Refusal('check-limit-reached', { retryAfterSeconds: wait });
    for (const [name, count] of counts) this.#limit.count(name, count, at);
  }
}

function requireUnderstood(
  questions: readonly CheckQuestion[],
  { custody }: CustodyView,
  placeOf: (index: number, path: string) => string,
): void {
  const errors = new Map<string, Problem>();
  questions.forEach((asked, index) => {
    for (const problem of problemsOf(asked, custody)) {
      const path = placeOf(index, problem.path);
      errors.set(path, { ...problem, path });
    }
  });
  if (errors.size > 0) throw new Refusal('body-malformed', { errors: [...errors.values()] });
}

/** Where the context of a hook says what a question says there; all of its questions are for the same purposes. */
function inContext(path: string): string {
  return path.startsWith('purpose')
    ? `$.context.purposeOfUse${path.slice('purpose'.length)}`
    : '$.context.class';
}

/** Under which names a question is counted: its subjects, or a record that is not held here. */
function namesOf(subjects: readonly string[], record: string): readonly string[] {
  return subjects.length > 0 ? subjects : [`record ${record}`];
}

function loggedOf({
  question: { record, requester, purpose },
  subjects,
  answer: { outcome, reason },
}: {
  readonly question: CheckQuestion;
  readonly subjects: readonly string[];
  readonly answer: Answer;
}): CheckedQuestion {
  return { subjects, record, requester: requester.member, purpose, outcome, reason };
}
