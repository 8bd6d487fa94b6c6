import { Command } from 'commander';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeFile, containersOf, openSite, prepareMounts, replaceFile } from '@consent-ledger/network';
import { wantedConsortium } from '../consortium/consortium.js';
import { prepareFolder } from '../consortium/prepare.js';
import { CHAINCODE_SCRIPT, programs } from '../consortium/processes.js';
import { claimFolder, readRecord } from '../consortium/record.js';
import { terminal } from '../terminal/terminal.js';
import { badInput, EXIT } from '../user-error.js';
import { examples, withUpOptions, type UpOptions } from './options.js';
import { z } from 'zod';

interface Options extends UpOptions {
  readonly to?: string;
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** `consent-ledger compose` */
export function composeVerb(done: (exitCode: number) => void): Command {
  return withUpOptions(new Command('compose'))
    .description(
      'Write a docker compose file that runs on Fabric what `up` would run, with the same keys, addresses and ports.',
    )
    .option(
      '--to <file>',
      'where it is written (default: compose.yaml in the data folder; - for standard output)',
    )
    .addHelpText(
      'after',
      examples(
        'compose',
        'compose --topology my-consortium.yaml --data-dir /var/lib/consortium --to compose.yaml',
      ),
    )
    .action(async (options: Options) => {
      done(await compose(options));
    });
}

async function compose(options: Options): Promise<number> {
  const out = terminal();
  const existing = await readRecord(path.resolve(options.dataDir));
  const consortium = await wantedConsortium({
    ...options,
    ledger: options.ledger ?? existing?.ledger ?? 'fabric',
  });
  const { dataDir, ledger, topology, plan } = consortium;
  if (ledger === 'embedded') {
    throw badInput(
      `The consortium in ${dataDir} runs on the embedded ledger, which needs no containers: choose another --data-dir, and --ledger fabric.`,
    );
  }
  await claimFolder(dataDir, { ledger, topology, portBase: plan.portBase });
  await out.task('Identities, genesis block and configurations', () => prepareFolder(consortium));
  const site = openSite({ topology, plan, dataDir, chaincodeScript: CHAINCODE_SCRIPT });
  const { node } = packageSchema.parse(
    JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8')),
  ).dependencies;
  const containers = await containersOf(site, {
    root: path.resolve(ROOT),
    nodeImage: `node:${node}-bookworm-slim`,
    scripts: programs(),
  });
  await prepareMounts(site, containers);
  const text = composeFile(site, containers, { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 });
  const to = path.resolve(options.to ?? path.join(dataDir, 'compose.yaml'));
  if (options.to === '-') {
    process.stdout.write(text);
    return EXIT.ok;
  }
  await replaceFile(to, text);
  out.say(`Written to ${to}. Start it with \`docker compose --file ${to} up --detach\`.`);
  return EXIT.ok;
}

const packageSchema = z.object({ dependencies: z.object({ node: z.string().regex(/^[\d.]+$/) }) });
