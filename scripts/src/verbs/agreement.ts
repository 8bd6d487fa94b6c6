import { agreementChanged, agreementList, type AgreementDocument } from '@consent-ledger/chaincode/wire/http';
import { Command } from 'commander';
import { call } from '../consortium/member-calls.js';
import { EXIT } from '../user-error.js';
import { examples } from './options.js';
import {
  digestOfFile,
  periodText,
  statedTerms,
  type RegisteringOptions,
  type TermsOptions,
} from './registering.js';
import { proposeCommand, stepCommands, type TwoStep } from './two-step.js';

type Options = RegisteringOptions & TermsOptions & { readonly document?: string };

const OFFICER = { member: 'riverside', user: 'privacy-officer' } as const;

const AGREEMENT: TwoStep<AgreementDocument, Options> = {
  argument: { name: 'other', description: 'the other member’s name' },
  withPlace: (command) => command,
  list: {
    name: 'list',
    description: 'What members have agreed on, and what they propose.',
    by: OFFICER,
    empty: 'Nothing is agreed on or proposed.',
  },
  accept: {
    name: 'accept',
    route: 'acceptance',
    description: 'Accept what the other member proposes now.',
    by: OFFICER,
  },
  refuse: {
    name: 'refuse',
    route: 'refusal',
    description: 'Decline what the other proposes, or take the own proposal back.',
    by: OFFICER,
  },
  end: {
    name: 'end',
    route: 'end',
    description: 'End what is agreed, at once and without asking the other.',
    by: OFFICER,
  },
  address: (other) => ({ path: `/v1/agreements/${encodeURIComponent(other)}`, query: '' }),
  changed: () => agreementChanged,
  all: async (client) => (await call(client, 'GET', '/v1/agreements', agreementList)).agreements,
  proposal: (other, all, { member }) => {
    const pair = [`Organization/${other}`, `Organization/${member}`];
    const found = all.find(({ members }) => pair.every((one) => members.includes(one)));
    const proposed = found?.proposed;
    return proposed !== undefined && proposed.by === pair[0]
      ? { digest: proposed.proposal }
      : { why: `${other} proposes nothing to ${member}.` };
  },
  head: ['members', 'version', 'status', 'purposes', 'period', 'by'],
  rows: rowsOf,
};

/** `consent-ledger agreement` */
export function agreementVerb(done: (exitCode: number) => void): Command {
  const finish = (): void => {
    done(EXIT.ok);
  };
  const propose = proposeCommand(
    AGREEMENT,
    {
      description: 'Propose to another member what to agree on.',
      by: OFFICER,
      withMore: (command) =>
        command.option('--document <file>', 'what both sign; its SHA-256 goes with the proposal'),
      body: async (options) => ({
        ...statedTerms(options),
        ...(options.document === undefined ? {} : { document: await digestOfFile(options.document) }),
      }),
    },
    finish,
  );
  const command = new Command('agreement').description(
    'What two members agree on: one proposes, the other accepts, either ends it.',
  );
  for (const one of [propose, ...stepCommands(AGREEMENT, finish)]) command.addCommand(one);
  return command.addHelpText(
    'after',
    examples(
      'agreement propose lakeside --purpose HRESCH --end 2028',
      'agreement accept riverside --member lakeside',
      'agreement list',
      'agreement end lakeside',
    ),
  );
}

function rowsOf({ members, agreed, proposed }: AgreementDocument): string[][] {
  const row = (
    status: string,
    { version, purposes, period, by }: NonNullable<typeof agreed> | NonNullable<typeof proposed>,
  ): string[] => [
    members.join(' '),
    `${version}`,
    status,
    purposes.join(' '),
    periodText(period),
    [by].flat().join(' '),
  ];
  return [
    ...(agreed === undefined ? [] : [row(agreed.status, agreed)]),
    ...(proposed === undefined ? [] : [row('proposed', proposed)]),
  ];
}
