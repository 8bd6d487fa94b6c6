import { readFile } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import {
  organisationLayout,
  revocationSteps,
  ROTATABLE,
  rotationSteps,
  type Rotatable,
  type Step,
} from '@consent-ledger/network';
import { carry } from '../operations/carry.js';
import { asking } from '../operations/errors.js';
import { memberNamed, operate, type Operations } from '../operations/open.js';
import { renewLedgerStep } from '../operations/processes.js';
import { badInput, systemCode } from '../user-error.js';
import {
  examples,
  withOperationOptions,
  withPropose,
  type OperationOptions,
  type ProposeOption,
} from './options.js';

interface CertificateOptions extends OperationOptions, ProposeOption {
  readonly member: string;
}

interface RevokeOptions extends CertificateOptions {
  readonly certificate?: string;
  readonly signingKeys?: true;
}

/** What each member has of its own on Fabric, and the embedded ledger has once for all. */
const ONLY_ON_FABRIC: readonly Rotatable[] = ['orderer', 'chaincode'];

/** `consent-ledger certificate` */
export function certificateVerb(done: (exitCode: number) => void): Command {
  return new Command('certificate')
    .description(
      'New keys and certificates before the old ones expire, and the end of one that is in wrong hands.',
    )
    .addCommand(
      withPropose(withMember(new Command('rotate')))
        .description('Issue new keys and certificates for one part of a member, and put them to use.')
        .addArgument(new Argument('<part>', 'whose').choices(ROTATABLE))
        .addHelpText(
          'after',
          examples(
            'certificate rotate peer --member riverside --dry-run',
            'certificate rotate orderer --member riverside',
            'certificate rotate keys --member riverside',
          ),
        )
        .action(async (part: Rotatable, options: CertificateOptions) => {
          done(await rotate(part, options));
        }),
    )
    .addCommand(
      withPropose(withMember(new Command('revoke')))
        .description(
          "Shut out whoever has a certificate's key, at every peer; or replace the keys that a member signs requests with.",
        )
        .option(
          '--certificate <file>',
          'the signing certificate, PEM; those replaced lie in organizations/<name>/retired',
        )
        .option('--signing-keys', "the keys of the member's gateway: what they sign is void from then on")
        .addHelpText(
          'after',
          examples(
            'certificate revoke --member riverside --certificate clerk.pem --dry-run',
            'certificate revoke --member riverside --signing-keys',
          ),
        )
        .action(async (options: RevokeOptions) => {
          done(await revoke(options));
        }),
    );
}

function withMember(command: Command): Command {
  return withOperationOptions(command).requiredOption('--member <name>', 'such as riverside');
}

async function rotate(part: Rotatable, options: CertificateOptions): Promise<number> {
  const isOnlyOnFabric = ONLY_ON_FABRIC.includes(part);
  const notOnEmbedded = `its ${part} is one for all members, and gets no new certificates`;
  return operate({ ...options, ...(isOnlyOnFabric && { notOnEmbedded }) }, async (operations) => {
    const organisation = memberNamed(operations.consortium, options.member);
    const steps = await asking(() => stepsOfRotation(operations, organisation, part));
    return carry(steps, { ...options, signal: operations.signal });
  });
}

function stepsOfRotation({ site, supervised }: Operations, organisation: string, part: Rotatable): Step[] {
  const name = `gateway-${organisation}`;
  const gateway = {
    restart: () => supervised.restart(name),
    isCurrent: (files: readonly string[]) => supervised.isCurrent(name, files),
  };
  const steps = rotationSteps(site, { organisation, part, gateway });
  if (part !== 'chaincode') return steps;
  const { certificate } = organisationLayout(site.dataDir, organisation).chaincode.tls;
  // Before the last one, which forgets that a rotation was under way.
  return steps.toSpliced(-1, 0, renewLedgerStep(supervised, [certificate]));
}

async function revoke(options: RevokeOptions): Promise<number> {
  const { certificate, signingKeys } = options;
  if ((certificate === undefined) === (signingKeys === undefined)) {
    throw badInput('Say what is revoked: either --certificate <file> or --signing-keys.');
  }
  // Retired on the ledger in the transaction that registers their successors: a member without keys could do nothing.
  if (certificate === undefined) return rotate('keys', options);
  const certificatePem = await readCertificate(certificate);
  return operate(options, async ({ consortium, site, signal }) => {
    const organisation = memberNamed(consortium, options.member);
    const steps = await asking(() => revocationSteps(site, { organisation, certificatePem }));
    return carry(steps, { ...options, signal });
  });
}

async function readCertificate(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw badInput(`${file} cannot be read (${systemCode(cause) ?? 'no file'}): check --certificate.`, {
      cause,
    });
  }
}
