import {
  legalBasisChanged,
  legalBasisList,
  type LegalBasisDocument,
} from '@consent-ledger/chaincode/wire/http';
import { Command } from 'commander';
import { call } from '../consortium/member-calls.js';
import type { MemberClient } from '../consortium/member-client.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT, UserError } from '../user-error.js';
import { examples } from './options.js';
import {
  periodText,
  printRows,
  signatory,
  statedTerms,
  withSignatory,
  withTerms,
  type RegisteringOptions,
  type TermsOptions,
} from './registering.js';

const HEAD = ['legal basis', 'version', 'status', 'for', 'purposes', 'labels', 'cites', 'period', 'by'];

interface ProposeOptions extends RegisteringOptions, TermsOptions {
  readonly for: string;
  readonly cites: string[];
  readonly jurisdiction: string;
  readonly label?: string[];
}

/** `consent-ledger legal-basis` */
export function legalBasisVerb(done: (exitCode: number) => void): Command {
  const finish = (): void => {
    done(EXIT.ok);
  };
  return new Command('legal-basis')
    .description(
      'On what legal basis a member may ask without a consent: oversight proposes, another member confirms.',
    )
    .addCommand(listCommand(finish))
    .addCommand(proposeCommand(finish))
    .addCommand(confirmCommand(finish))
    .addCommand(changeCommand('refuse', 'refusal', 'Take a proposal back.', finish))
    .addCommand(changeCommand('end', 'end', 'End a legal basis, at once.', finish))
    .addHelpText(
      'after',
      examples(
        'legal-basis propose lb-reporting --for lakeside --purpose PUBHLTH --cites "45 CFR 164.512(b)(1)(i)" --jurisdiction US',
        'legal-basis confirm lb-reporting',
        'legal-basis list',
        'legal-basis end lb-reporting',
      ),
    );
}

function basisCommand(name: string, description: string, member = 'sentinel', user = 'auditor'): Command {
  return withSignatory(new Command(name).description(description), member, user);
}

function listCommand(finish: () => void): Command {
  return basisCommand('list', 'The legal bases that are registered, or proposed.').action(
    async (options: RegisteringOptions) => {
      const bases = await list(await signatory(options));
      if (options.json) terminal().printJson(bases);
      else if (bases.length === 0) terminal().print('None is registered or proposed.');
      else printRows(HEAD, bases.flatMap(rowsOf));
      finish();
    },
  );
}

function proposeCommand(finish: () => void): Command {
  return withTerms(basisCommand('propose', 'Propose a legal basis, or the next version of one.'))
    .argument('<id>', 'the id that requests will name')
    .requiredOption('--for <member>', 'name of the member that may rely on it')
    .requiredOption('--cites <texts...>', 'where the law says so')
    .requiredOption('--jurisdiction <code>', 'whose law it is: ISO 3166, such as US')
    .option('--label <codes...>', 'sensitivity codes of the records that it opens')
    .action(async (id: string, options: ProposeOptions) => {
      const { cites, jurisdiction, label } = options;
      const body = {
        requester: `Organization/${options.for}`,
        ...statedTerms(options),
        cites,
        jurisdiction,
        ...(label === undefined ? {} : { labels: label }),
      };
      const path = `/v1/legal-bases/${encodeURIComponent(id)}/proposal`;
      print(await call(await signatory(options), 'PUT', path, legalBasisChanged, body), options);
      finish();
    });
}

function confirmCommand(finish: () => void): Command {
  return basisCommand('confirm', 'Confirm what oversight proposes now.', 'riverside', 'privacy-officer')
    .argument('<id>', 'its id')
    .option('--proposal <digest>', 'confirm this proposal and no other (default: the one that there is)')
    .action(async (id: string, options: RegisteringOptions & { readonly proposal?: string }) => {
      const client = await signatory(options);
      const proposal = options.proposal ?? (await proposed(id, client));
      const path = `/v1/legal-bases/${encodeURIComponent(id)}/confirmation`;
      print(await call(client, 'POST', path, legalBasisChanged, { proposal }), options);
      finish();
    });
}

function changeCommand(name: string, route: string, description: string, finish: () => void): Command {
  return basisCommand(name, description)
    .argument('<id>', 'its id')
    .action(async (id: string, options: RegisteringOptions) => {
      const path = `/v1/legal-bases/${encodeURIComponent(id)}/${route}`;
      print(await call(await signatory(options), 'POST', path, legalBasisChanged), options);
      finish();
    });
}

async function list(client: MemberClient): Promise<LegalBasisDocument[]> {
  return (await call(client, 'GET', '/v1/legal-bases', legalBasisList)).legalBases;
}

async function proposed(id: string, client: MemberClient): Promise<string> {
  const found = (await list(client)).find(({ legalBasis }) => legalBasis === id);
  if (found?.proposed !== undefined) return found.proposed.proposal;
  throw new UserError(`Nothing is proposed as ${id}.`, EXIT.failed);
}

function print(changed: LegalBasisDocument & { readonly block: number }, options: RegisteringOptions): void {
  if (options.json) terminal().printJson(changed);
  else {
    printRows(HEAD, rowsOf(changed));
    terminal().say(`block ${changed.block}`);
  }
}

type Stated = NonNullable<LegalBasisDocument['registered'] | LegalBasisDocument['proposed']>;

function rowsOf({ legalBasis, registered, proposed: next }: LegalBasisDocument): string[][] {
  const row = (
    status: string,
    { version, requester, purposes, labels = [], cites, period, by }: Stated,
  ): string[] => [
    legalBasis,
    `${version}`,
    status,
    requester,
    purposes.join(' '),
    labels.join(' ') || '–',
    cites.join('; '),
    periodText(period),
    [by].flat().join(' '),
  ];
  return [
    ...(registered === undefined ? [] : [row(registered.status, registered)]),
    ...(next === undefined ? [] : [row('proposed', next)]),
  ];
}
