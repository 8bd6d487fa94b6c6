import { compactBundle, writeBundle, type About, type CompactAbout } from '@consent-ledger/audit';
import { primitives } from '@consent-ledger/chaincode/wire';
import { judgeConfigurations } from '@consent-ledger/network/embedded/verification/configuration-judge';
import { Command, InvalidArgumentError } from 'commander';
import { logExport } from '../audit/log-export.js';
import { openOwnPeer, type OwnPeer } from '../audit/own-peer.js';
import { withPeerOptions, configurationFile, type PeerOptions } from '../audit/peer-options.js';
import { compactInWords } from '../checkpoints/compact-in-words.js';
import { stoppedForPeople } from '../checkpoints/signing.js';
import { writeWhole } from '../files.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { badInput, EXIT } from '../user-error.js';
import { examples } from './options.js';

interface Options extends PeerOptions, CompactAbout {
  readonly out: string;
  readonly compact?: true;
}

/** `consent-ledger audit evidence` */
export function auditEvidenceVerb(done: (exitCode: number) => void): Command {
  return withPeerOptions(new Command('evidence'))
    .description(
      'Write an evidence bundle, so that anybody can verify it with `consent-ledger verify` and the fingerprint of the genesis block, without this ledger and without trusting any one member: the whole history with the private data that this member may read, or with --compact single events of it.',
    )
    .requiredOption('--out <file>', 'where to write it')
    .option(
      '--compact',
      'only what is asked for, proved from the newest checkpoint that enough members have signed',
    )
    .option('--subject <id>', 'whose accesses; a full bundle proves everything all the same')
    .option('--record <id>', 'accesses to this record')
    .option('--member <msp id>', 'accesses by this requesting member')
    .option('--event <key>', 'this one event (compact)', parseEvent)
    .option('--since <when>', 'decided then or later (compact)', parseInstant)
    .option('--until <when>', 'decided before then (compact)', parseInstant)
    .addHelpText(
      'after',
      `
Whoever has the file reads all that is in it: of a full bundle all that this member may read, of a compact one the requests that are proved,
with every record that they asked for.
${examples('audit evidence --out history.evidence', 'audit evidence --compact --subject 5b3f… --out mine.evidence', 'audit evidence --compact --event event/9c1e… --out one.evidence')}`,
    )
    .action(async (options: Options) => {
      done(await evidence(options));
    });
}

function parseEvent(text: string): string {
  if (!primitives.eventKey.safeParse(text).success)
    throw new InvalidArgumentError('It must be the key of an event: event/ and 64 hex digits.');
  return text;
}

function parseInstant(text: string): string {
  const at = /^\d{4}-\d{2}-\d{2}(T.+Z)?$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('It must be a date or an instant in UTC, such as 2026-11-24T10:00:00Z.');
  return new Date(at).toISOString();
}

async function evidence(options: Options): Promise<number> {
  const out = terminal();
  const { event, since, until, compact } = options;
  if (!compact && [event, since, until].some((one) => one !== undefined))
    throw badInput('A full bundle proves everything: --event, --since and --until are for --compact.');
  const peer = await openOwnPeer(await configurationFile(options));
  try {
    const { subject, record, member } = options;
    const kind = compact ? 'compact' : 'full';
    logExport(peer, 'evidence', { kind, subject, record, member, event, since, until });
    if (compact) await writeCompact(peer, options, out);
    else await writeFull(peer, options, out);
    out.print(`Verify it anywhere: consent-ledger verify ${options.out} --ledger ${peer.ledgerId}`);
    return EXIT.ok;
  } catch (error) {
    throw stoppedForPeople(error);
  } finally {
    peer.close();
  }
}

async function writeFull(peer: OwnPeer, options: Options, out: Terminal): Promise<void> {
  const { subject, record, member } = options;
  const about: About = {
    ...(subject !== undefined && { subject }),
    ...(record !== undefined && { record }),
    ...(member !== undefined && { member }),
  };
  const height = await peer.height();
  const of = { ledger: peer.ledgerId, chaincode: peer.chaincode, collections: peer.collections, about };
  await out.task(`Writing ${height} blocks`, () =>
    writeWhole(options.out, writeBundle(of, peer.blocks(height))),
  );
  out.print(`${options.out} holds blocks 0 to ${height - 1} of ledger`);
  out.print(peer.ledgerId);
}

async function writeCompact(peer: OwnPeer, options: Options, out: Terminal): Promise<void> {
  const { subject, record, member, event, since, until } = options;
  const about: CompactAbout = {
    ...(subject !== undefined && { subject }),
    ...(record !== undefined && { record }),
    ...(member !== undefined && { member }),
    ...(event !== undefined && { event }),
    ...(since !== undefined && { since }),
    ...(until !== undefined && { until }),
  };
  const height = await peer.height();
  const bundle = await out.task(`Reading ${height} blocks`, () =>
    compactInWords(
      compactBundle({
        ledger: peer.ledgerId,
        chaincode: peer.chaincode,
        about,
        blocks: peer.blocks(height),
        configurations: judgeConfigurations,
      }),
    ),
  );
  await writeWhole(options.out, bundle.lines);
  const { events, newer, checkpoint, cosigners } = bundle;
  out.print(
    `${options.out} proves ${events} access events from the checkpoint of block ${checkpoint.block}, signed by ${cosigners.join(', ')}.`,
  );
  if (newer > 0) out.print(`${newer} are newer than that checkpoint, and not in it.`);
}
