import type { z } from '@consent-ledger/chaincode/wire';
import { Command } from 'commander';
import { call } from '../consortium/member-calls.js';
import type { MemberClient } from '../consortium/member-client.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT, UserError } from '../user-error.js';
import {
  printRows,
  signatory,
  withSignatory,
  withTerms,
  type RegisteringOptions,
  type TermsOptions,
} from './registering.js';

/** What a call answers with once it has changed something. */
interface Changed {
  readonly block: number;
}

/** A step of what takes two: the subcommand, the last part of its address, and what it does. */
interface Step {
  readonly name: string;
  readonly route: string;
  readonly description: string;
  /** Who takes it where nobody is named. */
  readonly by: Signatory;
}

export interface Signatory {
  readonly member: string;
  readonly user: string;
}

/**
 * Something that one member proposes, another accepts, and one of them ends: agreements, legal bases. `Options` are those that say which,
 * beside its argument.
 */
export interface TwoStep<Document, Options extends RegisteringOptions> {
  readonly argument: { readonly name: string; readonly description: string };
  readonly withPlace: (command: Command) => Command;
  readonly list: Omit<Step, 'route'> & { readonly empty: string };
  readonly accept: Step;
  readonly refuse: Step;
  readonly end: Step;
  /** Where the steps of one are addressed, without the last part; and what follows it. */
  readonly address: (name: string, options: Options) => { readonly path: string; readonly query: string };
  readonly changed: (options: Options) => z.ZodType<Document & Changed>;
  readonly all: (client: MemberClient, options: Options) => Promise<readonly Document[]>;
  /** What is proposed now under that name, or why there is nothing to accept. */
  readonly proposal: (
    name: string,
    all: readonly Document[],
    options: Options,
  ) => { readonly digest: string } | { readonly why: string };
  readonly head: readonly string[];
  readonly rows: (document: Document) => string[][];
}

/** The subcommands that all of them have: list, accept, refuse, end. */
export function stepCommands<Document, Options extends RegisteringOptions>(
  spec: TwoStep<Document, Options>,
  finish: () => void,
): Command[] {
  return [listCommand(spec, finish), acceptCommand(spec, finish), ...[spec.refuse, spec.end].map(changeOf)];

  function changeOf(step: Step): Command {
    return stepCommand(spec, step).action(async (name: string, options: Options) => {
      await change(spec, step, name, options);
      finish();
    });
  }
}

/** The subcommand that proposes: what is proposed differs, so its options and its body are given. */
export function proposeCommand<Document, Options extends RegisteringOptions & TermsOptions>(
  spec: TwoStep<Document, Options>,
  propose: {
    readonly description: string;
    readonly by: Signatory;
    readonly withMore: (command: Command) => Command;
    readonly body: (options: Options) => object | Promise<object>;
  },
  finish: () => void,
): Command {
  const step = { name: 'propose', route: 'proposal', ...propose };
  return propose
    .withMore(withTerms(stepCommand(spec, step)))
    .action(async (name: string, options: Options) => {
      await change(spec, step, name, options, await propose.body(options));
      finish();
    });
}

function listCommand<Document, Options extends RegisteringOptions>(
  spec: TwoStep<Document, Options>,
  finish: () => void,
): Command {
  const { list, head, rows } = spec;
  return command(spec, list).action(async (options: Options) => {
    const all = await spec.all(await signatory(options), options);
    if (options.json) terminal().printJson(all);
    else if (all.length === 0) terminal().print(list.empty);
    else printRows(head, all.flatMap(rows));
    finish();
  });
}

function acceptCommand<Document, Options extends RegisteringOptions>(
  spec: TwoStep<Document, Options>,
  finish: () => void,
): Command {
  const { accept } = spec;
  return stepCommand(spec, accept)
    .option(
      '--proposal <digest>',
      `${accept.name} this proposal and no other (default: the one that there is)`,
    )
    .action(async (name: string, options: Options & { readonly proposal?: string }) => {
      const proposal = options.proposal ?? (await proposed(spec, name, options));
      await change(spec, accept, name, options, { proposal });
      finish();
    });
}

async function proposed<Document, Options extends RegisteringOptions>(
  spec: TwoStep<Document, Options>,
  name: string,
  options: Options,
): Promise<string> {
  const found = spec.proposal(name, await spec.all(await signatory(options), options), options);
  if ('why' in found) throw new UserError(found.why, EXIT.failed);
  return found.digest;
}

async function change<Document, Options extends RegisteringOptions>(
  spec: TwoStep<Document, Options>,
  { route }: Pick<Step, 'route'>,
  name: string,
  options: Options,
  body?: object,
): Promise<void> {
  const { path, query } = spec.address(name, options);
  const method = route === 'proposal' ? 'PUT' : 'POST';
  const client = await signatory(options);
  const changed = await call(client, method, `${path}/${route}${query}`, spec.changed(options), body);
  if (options.json) terminal().printJson(changed);
  else {
    printRows(spec.head, spec.rows(changed));
    terminal().say(`block ${changed.block}`);
  }
}

function stepCommand<Document, Options extends RegisteringOptions>(
  spec: TwoStep<Document, Options>,
  step: Pick<Step, 'name' | 'description' | 'by'>,
): Command {
  return command(spec, step).argument(`<${spec.argument.name}>`, spec.argument.description);
}

function command<Document, Options extends RegisteringOptions>(
  { withPlace }: TwoStep<Document, Options>,
  { name, description, by }: Pick<Step, 'name' | 'description' | 'by'>,
): Command {
  return withPlace(withSignatory(new Command(name).description(description), by.member, by.user));
}
