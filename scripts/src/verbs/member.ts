import { Command } from 'commander';
import {
  addMemberSteps,
  encodePublicMember,
  formerOrganisations,
  makeMemberFolder,
  organisationNamed,
  publicMember,
  removeMemberSteps,
  replaceFile,
  type Organisation,
  type PublicMember,
} from '@consent-ledger/network';
import { existingConsortium } from '../consortium/consortium.js';
import { hold } from '../consortium/held.js';
import { carry } from '../operations/carry.js';
import { asking } from '../operations/errors.js';
import { readNewcomer } from '../operations/newcomer.js';
import { memberNamed, operate } from '../operations/open.js';
import { everythingRunsStep, renewGatewaysStep } from '../operations/processes.js';
import { terminal } from '../terminal/terminal.js';
import { badInput, EXIT } from '../user-error.js';
import {
  examples,
  withDataDir,
  withOperationOptions,
  withPropose,
  type DataDirOption,
  type OperationOptions,
  type ProposeOption,
} from './options.js';

type ChangeOptions = OperationOptions & ProposeOption;

interface ToOptions extends DataDirOption {
  readonly to: string;
}

/** `consent-ledger member` */
export function memberVerb(done: (exitCode: number) => void): Command {
  return new Command('member')
    .description('Let members in and out of a running consortium, while the others go on.')
    .addCommand(
      withPropose(withOperationOptions(new Command('add')))
        .description('Let a member in: channel, peer, chaincode, collections, orderer, gateway.')
        .argument(
          '<file>',
          'its definition, as it would stand in a topology, or what `member describe` wrote',
        )
        .addHelpText(
          'after',
          examples(
            'member add westside.yaml --dry-run',
            'member add westside.yaml',
            'member add westside.json --propose admission.pb',
          ),
        )
        .action(async (file: string, options: ChangeOptions) => {
          done(await addMember(file, options));
        }),
    )
    .addCommand(
      withPropose(withOperationOptions(new Command('remove')))
        .description(
          'Take a member out of the channel. What was logged stays, and oversight goes on reading it.',
        )
        .argument('<name>', 'such as novacure')
        .addHelpText('after', examples('member remove novacure --dry-run', 'member remove novacure'))
        .action(async (name: string, options: ChangeOptions) => {
          done(await removeMember(name, options));
        }),
    )
    .addCommand(
      withDataDir(new Command('describe'))
        .description(
          'Write what others have to know of a member: definition and certificates, nothing secret.',
        )
        .argument('<name>', 'of a member, or the file with the definition of a newcomer whose keys are here')
        .requiredOption('--to <file>', 'where it is written')
        .addHelpText('after', examples('member describe westside.yaml --to westside.json'))
        .action(async (name: string, options: ToOptions) => {
          done(await describeMember(name, options));
        }),
    )
    .addCommand(
      withDataDir(new Command('folder'))
        .description(
          "Make a data folder for one member's own machine: its keys and nobody else's, and what is public of all.",
        )
        .argument(
          '[name]',
          'such as riverside; absent: nothing secret, for a newcomer that makes its own keys',
        )
        .requiredOption('--to <folder>', 'the folder that is made; must not exist')
        .addHelpText(
          'after',
          examples('member folder riverside --to /mnt/transfer/riverside', 'member folder --to newcomer'),
        )
        .action(async (name: string | undefined, options: ToOptions) => {
          done(await memberFolder(name, options));
        }),
    );
}

async function addMember(file: string, options: ChangeOptions): Promise<number> {
  return operate(options, async (operations) => {
    const { consortium, site, saveTopology, supervised, signal } = operations;
    const newcomer = await readNewcomer(file, consortium.topology);
    const { dataDir } = consortium;
    const { name } = newcomer.newcomer;
    const steps = await asking(() =>
      addMemberSteps(site, {
        ...newcomer,
        saveTopology: async (topology) => {
          // Until its collections are there, its gateway could do nothing but say so.
          await hold(dataDir, `gateway-${name}`);
          await saveTopology(topology);
        },
        renewGateways: renewGatewaysStep(dataDir, supervised, name),
        finish: everythingRunsStep(dataDir, supervised),
      }),
    );
    return carry(steps, { ...options, signal });
  });
}

async function removeMember(organisation: string, options: ChangeOptions): Promise<number> {
  return operate(options, async (operations) => {
    const { consortium, site, saveTopology, supervised, signal } = operations;
    const { topology, dataDir } = consortium;
    if (!formerOrganisations(topology).some(({ name }) => name === organisation)) {
      memberNamed(consortium, organisation);
    }
    const renewGateways = renewGatewaysStep(dataDir, supervised);
    const finish = everythingRunsStep(dataDir, supervised);
    const steps = await asking(() =>
      removeMemberSteps(site, { organisation, saveTopology, renewGateways, finish }),
    );
    return carry(steps, { ...options, signal });
  });
}

async function memberFolder(name: string | undefined, { dataDir, to }: ToOptions): Promise<number> {
  const notOnEmbedded = 'all its members are on one machine';
  return operate({ dataDir, notOnEmbedded }, async ({ consortium, site }) => {
    const member = name === undefined ? undefined : memberNamed(consortium, name);
    await asking(() => makeMemberFolder(site, member, to));
    terminal().say(
      member === undefined
        ? `Written to ${to}. There is no secret in it; the newcomer gives \`member add\` there.`
        : `Written to ${to}, with the private keys of ${member}: bring it to its machine by a way that you would trust them to.`,
    );
    return EXIT.ok;
  });
}

async function describeMember(name: string, { dataDir, to }: ToOptions): Promise<number> {
  const consortium = await existingConsortium(dataDir);
  const isMember = consortium.topology.organisations.some((each) => each.name === name);
  const isFile = !isMember && /\.ya?ml$/.test(name);
  const organisation = isFile
    ? (await readNewcomer(name, consortium.topology)).newcomer
    : organisationNamed(consortium.topology, memberNamed(consortium, name));
  const described = await describedHere(consortium.dataDir, organisation);
  try {
    await replaceFile(to, encodePublicMember(described));
  } catch (cause) {
    throw badInput(`${to} cannot be written: check --to.`, { cause });
  }
  terminal().say(`Written to ${to}. There is no secret in it.`);
  return EXIT.ok;
}

async function describedHere(dataDir: string, organisation: Organisation): Promise<PublicMember> {
  try {
    return await publicMember(dataDir, organisation);
  } catch (cause) {
    throw badInput(
      `The certificates of ${organisation.name} are not in ${dataDir}: \`member add\` makes them.`,
      {
        cause,
      },
    );
  }
}
