import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { Analysis, type AnalysisOptions } from './analysis.js';
import type { AccessFinding } from './findings.js';

export interface UnusualOptions {
  /** For work files; of its owner alone. */
  readonly folder: string;
  /** A file of pseudonyms of family names, as `families.ts` has it; read anew where it was changed. */
  readonly families?: string | undefined;
  /** What the auditor found by now. */
  readonly findings: () => readonly AccessFinding[];
}

type Asked = Omit<AnalysisOptions, 'folder' | 'families' | 'findings'>;

/**
 * Analyses of unusual access, one at a time: the last one is kept, so that its pages do not each cost another. The same question of the same blocks
 * has the same answer, for ever, as long as findings and the custodian's file are the same.
 */
export class UnusualAnalyses {
  readonly #options: UnusualOptions;
  #key = '';
  #last: Promise<Analysis> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: UnusualOptions) {
    this.#options = options;
  }

  /** Answers from the analysis that is asked for; nobody else's is begun meanwhile. */
  use<Result>(asked: Asked, work: (analysis: Analysis) => Promise<Result>): Promise<Result> {
    const turn = this.#queue.then(async () => work(await this.#analysis(asked)));
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#queue;
    await this.#forget();
  }

  async #analysis({ db, ...asked }: Asked): Promise<Analysis> {
    const { folder, families } = this.#options;
    const findings = this.#options.findings();
    const file = families === undefined ? null : statSync(families);
    const key = createHash('sha256')
      .update(JSON.stringify([asked, findings, file?.mtimeMs, file?.size]))
      .digest('hex');
    if (this.#last === undefined || this.#key !== key) {
      await this.#forget();
      this.#key = key;
      this.#last = Analysis.make({ db, ...asked, folder, families, findings });
      this.#last.catch(() => {
        this.#last = undefined;
      });
    }
    return this.#last;
  }

  async #forget(): Promise<void> {
    const last = this.#last;
    this.#last = undefined;
    await (await last?.catch(() => undefined))?.close();
  }
}
