import {
  legalBasisChanged,
  legalBasisList,
  subjectBasisChanged,
  subjectBasisList,
  type LegalBasisDocument,
  type SubjectBasisDocument,
} from '@consent-ledger/chaincode/wire/http';
import { Command } from 'commander';
import { call } from '../consortium/member-calls.js';
import { badInput, EXIT } from '../user-error.js';
import { examples } from './options.js';
import {
  digestOfFile,
  periodText,
  statedTerms,
  type RegisteringOptions,
  type TermsOptions,
} from './registering.js';
import { proposeCommand, stepCommands, type TwoStep } from './two-step.js';

interface PlaceOptions extends RegisteringOptions {
  /** Whom it is about; absent: nobody, so that all members may read it. */
  readonly subject?: string;
  readonly custodian: string;
}

interface Options extends PlaceOptions, TermsOptions {
  readonly for: string;
  readonly cites: string[];
  readonly jurisdiction: string;
  readonly label?: string[];
  readonly document?: string;
}

type Document = LegalBasisDocument | SubjectBasisDocument;

const AUDITOR = { member: 'sentinel', user: 'auditor' } as const;
const OFFICER = { member: 'riverside', user: 'privacy-officer' } as const;

const LEGAL_BASIS: TwoStep<Document, Options> = {
  argument: { name: 'id', description: 'the id that requests name; about one patient: private.<more>' },
  withPlace: (command) =>
    command
      .option('--subject <id>', 'the one patient whom it is about (default: none, it is general)')
      .option('--custodian <name>', 'with --subject: whose patient that is', 'riverside'),
  list: {
    name: 'list',
    description: 'The legal bases that are registered, or proposed.',
    by: AUDITOR,
    empty: 'None is registered or proposed.',
  },
  accept: {
    name: 'confirm',
    route: 'confirmation',
    description: 'Confirm what another member proposes now.',
    by: OFFICER,
  },
  refuse: { name: 'refuse', route: 'refusal', description: 'Take a proposal back.', by: AUDITOR },
  end: { name: 'end', route: 'end', description: 'End a legal basis, at once.', by: AUDITOR },
  address: (id, options) => {
    const { path, query } = placeOf(options);
    return { path: `${path}/${encodeURIComponent(id)}`, query };
  },
  changed: ({ subject }) => (subject === undefined ? legalBasisChanged : subjectBasisChanged),
  all: async (client, options) => {
    const { path, query } = placeOf(options);
    const schema = options.subject === undefined ? legalBasisList : subjectBasisList;
    return (await call<{ legalBases: Document[] }>(client, 'GET', path + query, schema)).legalBases;
  },
  proposal: (id, all) => {
    const proposed = all.find(({ legalBasis }) => legalBasis === id)?.proposed;
    return proposed === undefined ? { why: `Nothing is proposed as ${id}.` } : { digest: proposed.proposal };
  },
  head: ['legal basis', 'version', 'status', 'for', 'purposes', 'labels', 'cites', 'period', 'by'],
  rows: rowsOf,
};

/** `consent-ledger legal-basis` */
export function legalBasisVerb(done: (exitCode: number) => void): Command {
  const finish = (): void => {
    done(EXIT.ok);
  };
  const propose = proposeCommand(
    LEGAL_BASIS,
    {
      description: 'Propose a legal basis, or the next version of one.',
      by: AUDITOR,
      withMore: (command) =>
        command
          .requiredOption('--for <member>', 'name of the member that may rely on it')
          .requiredOption('--cites <texts...>', 'where the law says so')
          .requiredOption('--jurisdiction <code>', 'whose law it is: ISO 3166, such as US')
          .option('--label <codes...>', 'sensitivity codes of the records that it opens')
          .option(
            '--document <file>',
            'with --subject: the order itself; its SHA-256 goes with the proposal',
          ),
      body: bodyOf,
    },
    finish,
  );
  const command = new Command('legal-basis').description(
    'On what legal basis a member may ask without a consent: general ones, that oversight proposes and another member confirms; and, with --subject, orders about one patient, that the custodian and oversight register together.',
  );
  for (const one of [propose, ...stepCommands(LEGAL_BASIS, finish)]) command.addCommand(one);
  return command.addHelpText(
    'after',
    examples(
      'legal-basis propose lb-reporting --for lakeside --purpose PUBHLTH --cites "45 CFR 164.512(b)(1)(i)" --jurisdiction US',
      'legal-basis confirm lb-reporting',
      'legal-basis list',
      'legal-basis end lb-reporting',
      'legal-basis propose private.order-17 --subject <id> --for lakeside --purpose HLEGAL --cites "45 CFR 164.512(e)(1)(i)" --jurisdiction US-NY --end 2027 --document order.pdf',
      'legal-basis confirm private.order-17 --subject <id>',
    ),
  );
}

async function bodyOf(options: Options): Promise<object> {
  const { cites, jurisdiction, label, subject, document } = options;
  if ((subject === undefined) !== (document === undefined))
    throw badInput(
      '--subject and --document go together: about one patient there is an order, and only then.',
    );
  return {
    requester: `Organization/${options.for}`,
    ...statedTerms(options),
    cites,
    jurisdiction,
    ...(label === undefined ? {} : { labels: label }),
    ...(document === undefined ? {} : { document: await digestOfFile(document) }),
  };
}

function placeOf({ subject, custodian, member }: PlaceOptions): {
  readonly path: string;
  readonly query: string;
} {
  if (subject === undefined) return { path: '/v1/legal-bases', query: '' };
  const path = `/v1/subjects/${encodeURIComponent(subject)}/legal-bases`;
  const query = member === custodian ? '' : `?custodian=${encodeURIComponent(`Organization/${custodian}`)}`;
  return { path, query };
}

type Stated = NonNullable<LegalBasisDocument['registered'] | LegalBasisDocument['proposed']>;

function rowsOf({ legalBasis, registered, proposed: next }: Document): string[][] {
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
