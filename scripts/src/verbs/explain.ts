import { decide, trace } from '@consent-ledger/chaincode/domain';
import { Command } from 'commander';
import type { Case } from '../explain/case.js';
import { changesOf } from '../explain/changes.js';
import { explanation } from '../explain/print.js';
import { findChanges } from '../explain/search.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { readCase, withCaseOptions, type CaseOptions } from './case-files.js';
import { examples } from './options.js';

interface Options extends CaseOptions {
  readonly json?: true;
}

/** `consent-ledger explain` */
export function explainVerb(done: (exitCode: number) => void): Command {
  return withCaseOptions(new Command('explain'))
    .description(
      'Say why a question is decided as it is, step by step, and what would have to change for the other outcome.',
    )
    .option('--json', 'the answer, every step and every set of changes for machines')
    .addHelpText(
      'after',
      `
What would change the outcome is found by deciding again and again: first with one thing otherwise, then with two, then with
three. Exit codes are those of decide: 0 permit, 1 deny, 2 bad input.
${examples(
  'explain --consent consent.json --request question.json',
  'explain --consent consent.json narrower.json --request question.json --context hospital.json --json',
)}`,
    )
    .action(async (options: Options) => {
      const given = await readCase(options);
      done(explain(given, options.json === true));
    });
}

function explain(given: Case, asJson: boolean): number {
  const { question, consents, context } = given;
  const answer = decide(question, consents, context);
  const parts = trace(question, consents, context);
  const found = findChanges(given, changesOf(given));
  if (asJson) {
    const { sets, tried, upTo } = found;
    const changes = sets.map((set) => set.map(({ about, says }) => ({ about, says })));
    terminal().printJson({ answer, parts, otherwise: { changes, tried, upTo } });
  } else explanation(answer, parts, found).forEach(terminal().print);
  return answer.outcome === 'permit' ? EXIT.ok : EXIT.failed;
}
