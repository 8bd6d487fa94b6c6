import { Command } from 'commander';
import { existingConsortium } from '../consortium/consortium.js';
import { findUser, tokenOf } from '../consortium/member-client.js';
import { terminal } from '../terminal/terminal.js';
import { EXIT } from '../user-error.js';
import { examples, withDataDir, type DataDirOption } from './options.js';

interface Options extends DataDirOption {
  readonly member: string;
  readonly user: string;
  readonly json?: true;
}

/** `consent-ledger token` */
export function tokenVerb(done: (exitCode: number) => void): Command {
  return withDataDir(new Command('token'))
    .description("Print an access token of a demo user for the member's gateway, valid for ten minutes.")
    .requiredOption('--member <name>', 'such as riverside')
    .requiredOption('--user <name>', 'such as practitioner, consent-clerk, records-clerk, auditor, admin')
    .option('--json', 'with its issuer, audience, roles and expiry')
    .addHelpText(
      'after',
      examples(
        'token --member riverside --user consent-clerk',
        'token --member sentinel --user auditor --json',
      ),
    )
    .action(async (options: Options) => {
      done(await token(options));
    });
}

async function token(options: Options): Promise<number> {
  const out = terminal();
  const { dataDir } = await existingConsortium(options.dataDir);
  const { member, client } = await findUser(dataDir, options.member, options.user);
  const { token: text, expiresInSeconds } = await tokenOf(dataDir, member, client);
  if (options.json) {
    const { issuer, audience } = member;
    out.printJson({ token: text, issuer, audience, user: client.id, roles: client.roles, expiresInSeconds });
  } else {
    out.print(text);
  }
  return EXIT.ok;
}
