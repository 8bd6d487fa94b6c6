import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import {
  organisationNamed,
  replaceFile,
  reportUpdate,
  signUpdateFile,
  submitUpdateFile,
  type UpdateReport,
} from '@consent-ledger/network';
import { asking } from '../operations/errors.js';
import { memberNamed, operate, type Operations } from '../operations/open.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { badInput, EXIT, systemCode, UserError } from '../user-error.js';
import { examples, withDataDir, type DataDirOption } from './options.js';

interface ShowOptions extends DataDirOption {
  readonly signature: readonly string[];
  readonly json?: true;
}

interface SignOptions extends DataDirOption {
  readonly member: string;
  readonly to: string;
  readonly unseen?: true;
}

interface SubmitOptions extends DataDirOption {
  readonly signature: readonly string[];
  readonly dryRun?: true;
}

/** `consent-ledger update` */
export function updateVerb(done: (exitCode: number) => void): Command {
  return new Command('update')
    .description("Changes of the channel's configuration that admins sign, each where their key is.")
    .addCommand(
      withSignatures(withDataDir(new Command('show')))
        .description('Say what an update does, and whose signatures it has.')
        .argument('<file>', 'as --propose wrote it')
        .option('--json', 'the same for machines')
        .addHelpText(
          'after',
          examples('update show admission.pb', 'update show admission.pb --signature riverside.sig'),
        )
        .action(async (file: string, options: ShowOptions) => {
          done(await show(file, options));
        }),
    )
    .addCommand(
      withDataDir(new Command('sign'))
        .description("Say what an update does, and sign it with a member's admin key.")
        .argument('<file>', 'as --propose wrote it')
        .requiredOption('--member <name>', 'whose admin signs')
        .requiredOption('--to <file>', 'where the signature is written')
        .option('--unseen', 'sign also where no orderer can be reached to say what it does')
        .addHelpText('after', examples('update sign admission.pb --member riverside --to riverside.sig'))
        .action(async (file: string, options: SignOptions) => {
          done(await sign(file, options));
        }),
    )
    .addCommand(
      withSignatures(withDataDir(new Command('submit')))
        .description('Submit an update that has signatures enough, and wait until it is in force everywhere.')
        .argument('<file>', 'as --propose wrote it')
        .option('--dry-run', 'say whether it could be, and do nothing')
        .addHelpText(
          'after',
          examples('update submit admission.pb --signature riverside.sig lakeside.sig sentinel.sig'),
        )
        .action(async (file: string, options: SubmitOptions) => {
          done(await submit(file, options));
        }),
    );
}

function withSignatures(command: Command): Command {
  return command.option('--signature <files...>', 'as `update sign` wrote them', []);
}

function desk(options: DataDirOption, work: (operations: Operations) => Promise<number>): Promise<number> {
  return operate({ ...options, fromElsewhere: true }, (operations) => asking(() => work(operations)));
}

async function show(file: string, options: ShowOptions): Promise<number> {
  const [update, signatures] = [await read(file), await Promise.all(options.signature.map(read))];
  return desk(options, async ({ site }) => {
    const report = await reportUpdate(site, update, signatures);
    if (options.json) terminal().printJson(report);
    else tell(report, terminal());
    return EXIT.ok;
  });
}

async function sign(file: string, options: SignOptions): Promise<number> {
  const update = await read(file);
  return desk(options, async ({ consortium, site }) => {
    const out = terminal();
    const organisation = organisationNamed(consortium.topology, memberNamed(consortium, options.member));
    if (options.unseen === undefined) tell(await reportUpdate(site, update), out);
    const signature = await signUpdateFile(site, organisation, update);
    await replaceFile(options.to, signature);
    out.say(`Signed for ${organisation.name}: ${options.to}. Send it to whoever submits the update.`);
    return EXIT.ok;
  });
}

async function submit(file: string, options: SubmitOptions): Promise<number> {
  const [update, signatures] = [await read(file), await Promise.all(options.signature.map(read))];
  return desk(options, async ({ site }) => {
    const out = terminal();
    const report = await reportUpdate(site, update, signatures);
    tell(report, out);
    if (report.state === 'made') return EXIT.ok;
    if (report.state === 'stale' || report.signatures.missing.length > 0) {
      throw new UserError(
        report.state === 'stale'
          ? 'It was not submitted: propose it again, and have it signed again.'
          : 'It was not submitted: signatures are missing.',
      );
    }
    if (options.dryRun) {
      out.say('Nothing was submitted. Without --dry-run it is.');
      return EXIT.ok;
    }
    await out.task('Submitting', () => submitUpdateFile(site, update, signatures));
    out.say('It is in force.');
    return EXIT.ok;
  });
}

function tell({ channel, digest, state, says, signatures }: UpdateReport, out: Terminal): void {
  out.print(`update of channel ${channel}, SHA-256 ${digest}`);
  if (state === 'made') out.print('  it is in force');
  if (state === 'stale')
    out.print('  the configuration has changed since it was made: it can never be in force');
  for (const line of says) out.print(`  - ${line}`);
  out.print(`signed by ${signatures.signed.join(', ') || 'nobody'}`);
  for (const mspId of signatures.void) out.print(`  a signature of ${mspId} does not count`);
  if (state !== 'pending') return;
  for (const { policy, reason } of signatures.missing) out.print(`  not enough for ${policy}: ${reason}`);
  if (signatures.missing.length === 0) out.print('that is enough to submit it');
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw badInput(`${file} cannot be read (${systemCode(cause) ?? 'no file'}).`, { cause });
  }
}
