import { decide } from '@consent-ledger/chaincode/domain';
import { Command } from 'commander';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { readCase, withCaseOptions, type CaseOptions } from './case-files.js';
import { examples } from './options.js';

/** `consent-ledger decide` */
export function decideVerb(done: (exitCode: number) => void): Command {
  return withCaseOptions(new Command('decide'))
    .description(
      'Decide one question from FHIR Consents, without a ledger, by the rules that the ledger decides by.',
    )
    .addHelpText(
      'after',
      `
Prints the answer as JSON. Exit codes: 0 permit, 1 deny, 2 bad input.
${examples(
  'decide --request question.json',
  'decide --consent consent.json narrower.json --request question.json',
  'decide --consent consent.json --request question.json --context hospital.json',
)}`,
    )
    .action(async (options: CaseOptions) => {
      const { question, consents, context } = await readCase(options);
      const answer = decide(question, consents, context);
      terminal().printJson(answer);
      done(answer.outcome === 'permit' ? EXIT.ok : EXIT.failed);
    });
}
