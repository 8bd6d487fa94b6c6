import { randomBytes } from 'node:crypto';
import type { Amendment, CommandOf } from '@consent-ledger/chaincode/wire';
import type { z } from '@consent-ledger/chaincode/wire';
import type { answerAmendmentBody, requestAmendmentBody } from '@consent-ledger/chaincode/wire/http';
import type { SealedTextStore } from '../../ports/sealed-texts.js';
import type { CustodyView, Held } from '../custody-view.js';
import { unknownSubject } from '../erased.js';
import { freshBytes } from '../idempotent-run.js';
import { Refusal } from '../refusal.js';
import type { Committed, Transactions } from '../transactions.js';

export interface AmendmentStepsOptions {
  readonly custody: CustodyView;
  readonly texts: SealedTextStore;
  readonly transactions: Transactions;
}

type AmendmentCommand = CommandOf<
  'request-amendment' | 'extend-amendment' | 'answer-amendment' | 'dispute-amendment' | 'tell-amendment'
>;
type Step<Command = AmendmentCommand> = Command extends unknown ? Omit<Command, 'v' | 'salt'> : never;

/** A step that was done, and the amendment after it. */
export interface StepDone extends Committed {
  readonly amendment: Amendment;
}

/**
 * What is done with a request to amend a record, step by step, each of them on the ledger (45 CFR 164.526). Words stay here, sealed under the
 * subject's key; the ledger has the digest of what was sealed. Throws the chaincode's own Refusals.
 */
export class AmendmentSteps {
  readonly #options: AmendmentStepsOptions;

  constructor(options: AmendmentStepsOptions) {
    this.#options = options;
  }

  async request(asked: z.output<typeof requestAmendmentBody>, takenBy: string): Promise<StepDone> {
    const { custody } = this.#options;
    const { subject, record, requestedBy, finding, text } = asked;
    if (custody.get('subject', subject) === undefined) throw unknownSubject(subject, custody);
    const descriptor = custody.get('descriptor', record)?.value;
    if (descriptor?.subjects.includes(subject) !== true) throw new Refusal('amendment-record-unknown');
    const amendment = freshBytes('amendment', 16).toString('hex');
    const version = asked.version ?? descriptor.version;
    return this.#withText(subject, text, (request) => ({
      command: 'request-amendment',
      amendment,
      subject,
      record,
      version,
      requestedBy,
      ...(finding === undefined ? {} : { finding }),
      request,
      takenBy,
    }));
  }

  async extend(amendment: string, text: string): Promise<StepDone> {
    const { subject } = this.#held(amendment).value;
    return this.#withText(subject, text, (reason) => ({ command: 'extend-amendment', amendment, reason }));
  }

  async answer(
    amendment: string,
    given: z.output<typeof answerAmendmentBody>,
    answeredBy: string,
  ): Promise<StepDone> {
    const { value, transaction, block } = this.#held(amendment);
    if (given.outcome === 'accepted') {
      const { answer } = value;
      const isSame = answer?.outcome === 'accepted' && answer.version === given.version;
      // What writes nothing has no place on the ledger: the same answer again is the one that stands.
      if (isSame && answer.answeredBy === answeredBy) return { amendment: value, transaction, block };
      return this.#run({ command: 'answer-amendment', amendment, answeredBy, answer: given });
    }
    const { outcome, ground, text } = given;
    return this.#withText(value.subject, text, (basis) => ({
      command: 'answer-amendment',
      amendment,
      answeredBy,
      answer: { outcome, ground, basis },
    }));
  }

  async disagree(amendment: string, text: string | undefined): Promise<StepDone> {
    return text === undefined
      ? this.#run({ command: 'dispute-amendment', amendment, statement: { kind: 'inclusion' } })
      : this.#state(amendment, 'disagreement', text);
  }

  rebut(amendment: string, text: string): Promise<StepDone> {
    return this.#state(amendment, 'rebuttal', text);
  }

  async tell(amendment: string, events: readonly string[]): Promise<StepDone> {
    const { custody } = this.#options;
    const { value, transaction, block } = this.#held(amendment);
    const untold = events.filter((event) => custody.get('amendmenttold', amendment, event) === undefined);
    if (untold.length === 0) return { amendment: value, transaction, block };
    return this.#run({ command: 'tell-amendment', amendment, events: untold });
  }

  async #state(amendment: string, kind: 'disagreement' | 'rebuttal', text: string): Promise<StepDone> {
    const { subject } = this.#held(amendment).value;
    return this.#withText(subject, text, (statement) => ({
      command: 'dispute-amendment',
      amendment,
      statement: { kind, statement },
    }));
  }

  /**
   * A text is forgotten where the chaincode refused its step, and only there: whatever else went wrong, the step may be on the ledger or get
   * there yet, and without its words its digest would say nothing.
   */
  async #withText(subject: string, text: string, step: (digest: string) => Step): Promise<StepDone> {
    const digest = await this.#options.texts.keep(subject, text);
    const made = step(digest);
    let committed: Committed;
    try {
      committed = await this.#commit(made);
    } catch (error) {
      if (error instanceof Refusal && error.code.startsWith('amendment-')) this.#options.texts.drop(digest);
      throw error;
    }
    return { ...committed, amendment: this.#held(made.amendment).value };
  }

  async #run(step: Step): Promise<StepDone> {
    const committed = await this.#commit(step);
    return { ...committed, amendment: this.#held(step.amendment).value };
  }

  #commit(step: Step): Promise<Committed> {
    const { custody, transactions } = this.#options;
    const command = { v: 1, salt: randomBytes(32).toString('base64url'), ...step } as AmendmentCommand;
    return transactions.run(command, { contract: 'custody', custodian: custody.custodian });
  }

  #held(amendment: string): Held<Amendment> {
    const held = this.#options.custody.get('amendment', amendment);
    if (held === undefined) throw new Refusal('amendment-unknown');
    return held;
  }
}
