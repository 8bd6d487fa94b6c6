import {
  amendmentDocument,
  amendmentLogged,
  amendmentPage,
  amendmentRecipients,
  type AmendmentDocument,
} from '@consent-ledger/chaincode/wire/http';
import { Command, Option } from 'commander';
import { call } from '../consortium/member-calls.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { examples } from './options.js';
import { printRows, signatory, withSignatory, type RegisteringOptions } from './registering.js';

const HEAD = ['amendment', 'record', 'version', 'requested', 'due', 'status'];

/** `consent-ledger amendment` */
export function amendmentVerb(done: (exitCode: number) => void): Command {
  const finish = (): void => {
    done(EXIT.ok);
  };
  return new Command('amendment')
    .description('Requests to amend a record (45 CFR 164.526): asked for, answered, disputed, told.')
    .addCommand(listCommand(finish))
    .addCommand(showCommand(finish))
    .addCommand(requestCommand(finish))
    .addCommand(acceptCommand(finish))
    .addCommand(denyCommand(finish))
    .addCommand(textCommand('extend', 'extension', 'Take 30 days more, once, with the reasons.', finish))
    .addCommand(textCommand('disagree', 'disagreement', 'The subject’s statement of disagreement.', finish))
    .addCommand(textCommand('rebut', 'rebuttal', 'The custodian’s rebuttal of it.', finish))
    .addCommand(toldCommand(finish))
    .addHelpText(
      'after',
      examples(
        'amendment request --subject 3f2a… --record obs-1 --text "It was the other arm"',
        'amendment list --status overdue',
        'amendment accept 7c01… --version 2',
        'amendment deny 7c01… --ground accurate-and-complete --text "It is as it was measured"',
      ),
    );
}

function amendmentCommand(name: string, description: string): Command {
  return withSignatory(new Command(name).description(description), 'riverside', 'privacy-officer');
}

function listCommand(finish: () => void): Command {
  return amendmentCommand('list', 'Those to be answered, or as --status says.')
    .addOption(
      new Option('--status <status>').choices(['open', 'overdue', 'answered', 'all']).default('open'),
    )
    .action(async (options: RegisteringOptions & { readonly status: string }) => {
      const client = await signatory(options);
      const all: AmendmentDocument[] = [];
      for (let after = ''; ;) {
        const path = `/v1/amendments?status=${options.status}&limit=200${after}`;
        const page = await call(client, 'GET', path, amendmentPage);
        all.push(...page.amendments);
        if (page.next === undefined) break;
        after = `&after=${encodeURIComponent(page.next)}`;
      }
      if (options.json) terminal().printJson(all);
      else if (all.length === 0) terminal().print('There is none.');
      else printRows(HEAD, all.map(rowOf));
      finish();
    });
}

function showCommand(finish: () => void): Command {
  return amendmentCommand('show', 'One of them as JSON, with who had the record before.')
    .argument('<amendment>', 'its id')
    .action(async (id: string, options: RegisteringOptions) => {
      const client = await signatory(options);
      const path = `/v1/amendments/${encodeURIComponent(id)}`;
      const shown = await call(client, 'GET', path, amendmentDocument);
      const had = await call(client, 'GET', `${path}/recipients?limit=200`, amendmentRecipients);
      terminal().printJson({ ...shown, ...had });
      finish();
    });
}

interface RequestOptions extends RegisteringOptions {
  readonly subject: string;
  readonly record: string;
  readonly text: string;
  readonly rule?: string;
  readonly path?: string;
  readonly custodian?: true;
}

function requestCommand(finish: () => void): Command {
  return amendmentCommand('request', 'Take a request in.')
    .requiredOption('--subject <pseudonym>', 'whose record it is')
    .requiredOption('--record <record>', 'its id')
    .requiredOption('--text <words>', 'what is to be amended, and why')
    .option('--rule <rule>', 'of the finding that it starts from, with --path')
    .option('--path <path>', 'of that finding')
    .option('--custodian', 'the custodian asks for it itself')
    .action(async ({ subject, record, text, rule, path, custodian, ...options }: RequestOptions) => {
      const body = {
        subject,
        record,
        text,
        requestedBy: custodian ? 'custodian' : 'subject',
        ...(rule === undefined || path === undefined ? {} : { finding: { rule, path } }),
      };
      await send('/v1/amendments', body, options, finish);
    });
}

function acceptCommand(finish: () => void): Command {
  return amendmentCommand('accept', 'Accept, once the amended record is registered as a new version.')
    .argument('<amendment>', 'its id')
    .requiredOption('--version <number>', 'the version that holds the amendment', Number)
    .action(async (id: string, { version, ...options }: RegisteringOptions & { readonly version: number }) =>
      send(pathOf(id, 'answer'), { outcome: 'accepted', version }, options, finish),
    );
}

function denyCommand(finish: () => void): Command {
  return amendmentCommand('deny', 'Deny on one of the four grounds of 45 CFR 164.526(a)(2).')
    .argument('<amendment>', 'its id')
    .requiredOption(
      '--ground <ground>',
      'not-created-here, not-in-designated-record-set, not-available-for-inspection, accurate-and-complete',
    )
    .requiredOption('--text <words>', 'the basis in plain words')
    .action(
      async (
        id: string,
        { ground, text, ...options }: RegisteringOptions & { readonly ground: string; readonly text: string },
      ) => send(pathOf(id, 'answer'), { outcome: 'denied', ground, text }, options, finish),
    );
}

function textCommand(name: string, step: string, description: string, finish: () => void): Command {
  return amendmentCommand(name, description)
    .argument('<amendment>', 'its id')
    .requiredOption('--text <words>', 'in words')
    .action(async (id: string, { text, ...options }: RegisteringOptions & { readonly text: string }) =>
      send(pathOf(id, step), { text }, options, finish),
    );
}

function toldCommand(finish: () => void): Command {
  return amendmentCommand('told', 'Log that those who had the record by these accesses have been told.')
    .argument('<amendment>', 'its id')
    .argument('<events...>', 'of `amendment show`')
    .action(async (id: string, events: string[], options: RegisteringOptions) =>
      send(pathOf(id, 'told'), { events }, options, finish),
    );
}

async function send(
  path: string,
  body: object,
  options: RegisteringOptions,
  finish: () => void,
): Promise<void> {
  const logged = await call(await signatory(options), 'POST', path, amendmentLogged, body);
  if (options.json) terminal().printJson(logged);
  else terminal().print(`${logged.amendment} ${logged.status}, due ${logged.dueAt}, block ${logged.block}`);
  finish();
}

function pathOf(id: string, step: string): string {
  return `/v1/amendments/${encodeURIComponent(id)}/${step}`;
}

function rowOf({
  amendment,
  record,
  version,
  request,
  dueAt,
  isOverdue,
  answer,
}: AmendmentDocument): string[] {
  const status = answer?.outcome ?? (isOverdue ? 'overdue' : 'open');
  return [amendment, record, `${version}`, request.at, dueAt, status];
}
