import type { Projection } from '../../ports/projection.js';
import type { Trials } from '../../ports/trials.js';
import type { CustodyView } from '../custody-view.js';

export interface ParticipantsOptions {
  readonly custody: CustodyView;
  readonly trials: Pick<Trials, 'touched'>;
  readonly projection: Pick<Projection, 'height' | 'pending'>;
}

/**
 * Who is behind a pseudonym in a study, at the site that made it: a pseudonym cannot be turned back, so those of all participants are
 * made, once, and of whoever joins when somebody asks. About 200 bytes of memory for each.
 */
export class Participants {
  readonly #options: ParticipantsOptions;
  readonly #subjects = new Map<string, Map<string, string>>();
  /** Number of blocks whose participants are known. */
  #scanned = 0;

  constructor(options: ParticipantsOptions) {
    this.#options = options;
  }

  subjectOf(study: string, person: string): string | undefined {
    const known = this.#subjects.get(study)?.get(person);
    if (known !== undefined) return known;
    this.#scan();
    return this.#subjects.get(study)?.get(person);
  }

  /** A block of which values are missing is read again, and what follows it, until they are there. */
  #scan(): void {
    const { custody, trials, projection } = this.#options;
    const { height } = projection;
    if (this.#scanned >= height) return;
    for (const { study, subject } of trials.touched(custody.custodian, this.#scanned)) {
      const persons = this.#subjects.get(study) ?? new Map<string, string>();
      this.#subjects.set(study, persons);
      persons.set(custody.personIn(study, subject), subject);
    }
    const [oldest] = projection.pending();
    this.#scanned = Math.min(oldest?.block ?? height, height);
  }
}
