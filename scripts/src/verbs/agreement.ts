import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { agreementChanged, agreementList, type AgreementDocument } from '@consent-ledger/chaincode/wire/http';
import { Command } from 'commander';
import { call } from '../consortium/member-calls.js';
import type { MemberClient } from '../consortium/member-client.js';
import { terminal } from '../terminal/terminal.js';
import { badInput, EXIT, systemCode, UserError } from '../user-error.js';
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

/** `consent-ledger agreement` */
export function agreementVerb(done: (exitCode: number) => void): Command {
  const finish = (): void => {
    done(EXIT.ok);
  };
  return new Command('agreement')
    .description('What two members agree on: one proposes, the other accepts, either ends it.')
    .addCommand(listCommand(finish))
    .addCommand(proposeCommand(finish))
    .addCommand(acceptCommand(finish))
    .addCommand(
      changeCommand(
        'refuse',
        'refusal',
        'Decline what the other proposes, or take the own proposal back.',
        finish,
      ),
    )
    .addCommand(
      changeCommand('end', 'end', 'End what is agreed, at once and without asking the other.', finish),
    )
    .addHelpText(
      'after',
      examples(
        'agreement propose lakeside --purpose HRESCH --end 2028',
        'agreement accept riverside --member lakeside',
        'agreement list',
        'agreement end lakeside',
      ),
    );
}

function agreementCommand(name: string, description: string): Command {
  return withSignatory(new Command(name).description(description), 'riverside', 'privacy-officer');
}

function listCommand(finish: () => void): Command {
  return agreementCommand('list', 'What members have agreed on, and what they propose.').action(
    async (options: RegisteringOptions) => {
      const agreements = await list(await signatory(options));
      if (options.json) terminal().printJson(agreements);
      else if (agreements.length === 0) terminal().print('Nothing is agreed on or proposed.');
      else
        printRows(['members', 'version', 'status', 'purposes', 'period', 'by'], agreements.flatMap(rowsOf));
      finish();
    },
  );
}

function proposeCommand(finish: () => void): Command {
  return withTerms(agreementCommand('propose', 'Propose to another member what to agree on.'))
    .argument('<other>', 'the other member’s name')
    .option('--document <file>', 'what both sign; its SHA-256 goes with the proposal')
    .action(
      async (other: string, options: RegisteringOptions & TermsOptions & { readonly document?: string }) => {
        const document = options.document === undefined ? {} : { document: await digestOf(options.document) };
        const body = { ...statedTerms(options), ...document };
        const path = `/v1/agreements/${encodeURIComponent(other)}/proposal`;
        print(await call(await signatory(options), 'PUT', path, agreementChanged, body), options);
        finish();
      },
    );
}

function acceptCommand(finish: () => void): Command {
  return agreementCommand('accept', 'Accept what the other member proposes now.')
    .argument('<other>', 'the other member’s name')
    .option('--proposal <digest>', 'accept this proposal and no other (default: the one that there is)')
    .action(async (other: string, options: RegisteringOptions & { readonly proposal?: string }) => {
      const client = await signatory(options);
      const proposal = options.proposal ?? (await proposedBy(other, client, options));
      const path = `/v1/agreements/${encodeURIComponent(other)}/acceptance`;
      print(await call(client, 'POST', path, agreementChanged, { proposal }), options);
      finish();
    });
}

function changeCommand(name: string, route: string, description: string, finish: () => void): Command {
  return agreementCommand(name, description)
    .argument('<other>', 'the other member’s name')
    .action(async (other: string, options: RegisteringOptions) => {
      const path = `/v1/agreements/${encodeURIComponent(other)}/${route}`;
      print(await call(await signatory(options), 'POST', path, agreementChanged), options);
      finish();
    });
}

async function list(client: MemberClient): Promise<AgreementDocument[]> {
  return (await call(client, 'GET', '/v1/agreements', agreementList)).agreements;
}

async function proposedBy(
  other: string,
  client: MemberClient,
  { member }: RegisteringOptions,
): Promise<string> {
  const pair = [`Organization/${other}`, `Organization/${member}`];
  const found = (await list(client)).find(({ members }) => pair.every((one) => members.includes(one)));
  const proposed = found?.proposed;
  if (proposed !== undefined && proposed.by === pair[0]) return proposed.proposal;
  throw new UserError(`${other} proposes nothing to ${member}.`, EXIT.failed);
}

function print(changed: AgreementDocument & { readonly block: number }, options: RegisteringOptions): void {
  if (options.json) terminal().printJson(changed);
  else {
    printRows(['members', 'version', 'status', 'purposes', 'period', 'by'], rowsOf(changed));
    terminal().say(`block ${changed.block}`);
  }
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

async function digestOf(file: string): Promise<string> {
  try {
    return createHash('sha256')
      .update(await readFile(file))
      .digest('base64url');
  } catch (cause) {
    throw badInput(`${file} cannot be read (${systemCode(cause) ?? 'unknown reason'}).`, { cause });
  }
}
