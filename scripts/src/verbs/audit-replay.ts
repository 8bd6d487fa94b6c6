import {
  AlteredValue,
  custodiesAsOf,
  readDelivered,
  registeredAsOf,
  Replay,
  withConsent,
  type ChangedAccess,
  type CustodyAsOf,
  type Finding,
  type RegisteredAsOf,
  type ReplayReport,
} from '@consent-ledger/audit';
import { compileConsent, type CompiledPolicy } from '@consent-ledger/chaincode/domain';
import { Command, InvalidArgumentError } from 'commander';
import { logExport } from '../audit/log-export.js';
import { openOwnPeer } from '../audit/own-peer.js';
import { configurationFile, withPeerOptions, type PeerOptions } from '../audit/peer-options.js';
import { accept } from '../accept.js';
import { readJsonFile } from '../json-file.js';
import { table } from '../terminal/table.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { badInput, EXIT } from '../user-error.js';
import { examples } from './options.js';

interface Options extends PeerOptions {
  readonly from?: number;
  readonly to?: number;
  readonly subject?: string;
  readonly member?: string;
  readonly asOf?: number;
  readonly whatIf?: string;
  readonly purposeSystem?: readonly string[];
  readonly json?: true;
}

interface Found extends ReplayReport {
  readonly ledger: string;
  /** Of every access that a different consent would have changed. */
  readonly whatIf?: readonly ChangedAccess[];
  readonly asOf?: readonly CustodyAsOf[];
  /** With `asOf`: what was public then. */
  readonly registered?: RegisteredAsOf;
}

/** `consent-ledger audit replay` */
export function auditReplayVerb(done: (exitCode: number) => void): Command {
  return withPeerOptions(new Command('replay'))
    .description(
      'Decide every logged access again, from the state of the ledger at its own position and by the rules of its day, and report each that does not come out as it was logged.',
    )
    .option('--from <block>', 'report from this block on', parseBlock)
    .option('--to <block>', 'report up to this block', parseBlock)
    .option('--subject <id>', 'only accesses to records of this subject')
    .option('--member <msp id>', 'only accesses by this member')
    .option('--as-of <block>', 'replay up to this block and show what was on file then', parseBlock)
    .option('--what-if <file>', 'FHIR Consent: which accesses would it have changed?')
    .option(
      '--purpose-system <uri...>',
      'code systems of purposes that the custodian has registered, for --what-if',
    )
    .option('--json', 'the same for machines')
    .addHelpText(
      'after',
      `
Reads all blocks from the peer, with the private data that the member may read. Who asked, and what, is logged first: consent-ledger audit log.
Exit codes: 0 all came out as logged, 1 something did not, 2 bad input.
${examples(
  'audit replay',
  'audit replay --subject 5b3f… --from 120',
  'audit replay --as-of 80',
  'audit replay --what-if narrower.json --json',
  'audit replay --configuration /etc/consent-ledger/gateway.json',
)}`,
    )
    .action(async (options: Options) => {
      done(await replay(options));
    });
}

function parseBlock(text: string): number {
  if (!/^\d{1,15}$/.test(text))
    throw new InvalidArgumentError('It must be the number of a block, such as 120.');
  return Number(text);
}

async function replay(options: Options): Promise<number> {
  const out = terminal();
  const policy =
    options.whatIf === undefined ? undefined : await readPolicy(options.whatIf, options.purposeSystem);
  const peer = await openOwnPeer(await configurationFile(options));
  try {
    logExport(peer, 'replay', parametersOf(options));
    const height = await peer.height();
    const end = endOf(options, height);
    const changed: ChangedAccess[] = [];
    const replaying = new Replay({
      chaincode: peer.chaincode,
      selects: ({ block, event, detail }) =>
        block >= (options.from ?? 0) &&
        block <= (options.to ?? height) &&
        (options.member === undefined || event.requester === options.member) &&
        (options.subject === undefined ||
          (detail?.records.some(({ subjects }) => subjects.includes(options.subject ?? '')) ?? false)),
      onEvent: async (event) => {
        if (policy !== undefined) changed.push(...(await withConsent(event, policy)));
      },
    });
    await out.task(`Replaying ${end} blocks`, async () => {
      for await (const delivered of peer.blocks(end)) await replaying.block(readDelivered(delivered));
    });
    const asOf = options.asOf === undefined ? undefined : await custodiesAsOf(replaying.world);
    const found: Found = {
      ledger: peer.ledgerId,
      ...replaying.report(),
      ...(policy !== undefined && { whatIf: changed }),
      ...(asOf !== undefined && { asOf, registered: registeredAsOf(replaying.world) }),
    };
    if (options.json) out.printJson(found);
    else show(found, out);
    return found.sound ? EXIT.ok : EXIT.failed;
  } catch (error) {
    if (!(error instanceof AlteredValue)) throw error;
    process.stderr.write(`The peer delivered something that is not on the ledger. ${error.message}.\n`);
    return EXIT.failed;
  } finally {
    peer.close();
  }
}

/** What is asked, as the log of questions has it. */
function parametersOf(options: Options): Record<string, string | undefined> {
  const { subject, member, whatIf, purposeSystem } = options;
  const [from, to, asOf] = [options.from, options.to, options.asOf].map((block) => block?.toString());
  return { subject, member, from, to, asOf, whatIf, purposeSystem: purposeSystem?.join(' ') };
}

function endOf({ asOf, to }: Options, height: number): number {
  const last = asOf ?? to ?? height - 1;
  if (last >= height) throw badInput(`The ledger has no block ${last}: its last is ${height - 1}.`);
  return last + 1;
}

async function readPolicy(file: string, purposeSystems: readonly string[] = []): Promise<CompiledPolicy> {
  return accept(file, compileConsent(await readJsonFile(file), { purposeSystems })).policy;
}

function show({ asOf, registered, whatIf, findings, ...counts }: Found, out: Terminal): void {
  const { blocks, events, permitted, denied, deliveries, permitsWithoutDelivery, sound } = counts;
  out.print(`${blocks} blocks, ${events} access events: ${permitted} records permitted, ${denied} denied.`);
  out.print(`${deliveries} deliveries; ${permitsWithoutDelivery} permits without one.`);
  showFindings(findings, out);
  if (whatIf !== undefined) showChanged(whatIf, out);
  if (asOf !== undefined) showCustodies(asOf, out);
  if (registered !== undefined) showRegistered(registered, out);
  out.print(
    sound
      ? 'Every decision comes out as it was logged.'
      : 'Not every decision comes out as it was logged: see above.',
  );
}

function showFindings(findings: readonly Finding[], out: Terminal): void {
  if (findings.length === 0) return;
  const rows = findings.map(({ block, transaction, custodian, rule, record = '-', explanation }) => [
    String(block),
    `${transaction.slice(0, 12)}…`,
    custodian,
    rule,
    record,
    explanation,
  ]);
  table([['block', 'transaction', 'custodian', 'finding', 'record', 'why'], ...rows]).forEach(out.print);
}

function showChanged(changed: readonly ChangedAccess[], out: Terminal): void {
  out.print(`With that consent on file ${changed.length} would have come out otherwise:`);
  const rows = changed.map(({ block, at, requester, record, logged, wouldBe }) => [
    String(block),
    at,
    requester,
    record,
    `${logged.outcome} ${logged.reason}`,
    `${wouldBe.outcome} ${wouldBe.reason}`,
  ]);
  if (rows.length > 0)
    table([['block', 'at', 'requester', 'record', 'logged', 'would be'], ...rows]).forEach(out.print);
}

function showCustodies(custodies: readonly CustodyAsOf[], out: Terminal): void {
  for (const { custodian, subjects, records, consents, legalBases } of custodies) {
    out.print(`${custodian}: ${subjects} subjects, ${records} records, ${consents.length} consents on file`);
    const rows = consents.map(({ subject, consent, version, base, evidence, withdrawnAt = '-' }) => [
      subject,
      consent,
      String(version),
      base,
      evidence,
      withdrawnAt,
    ]);
    if (rows.length > 0)
      table([['subject', 'consent', 'version', 'base', 'evidence', 'withdrawn at'], ...rows]).forEach(
        out.print,
      );
    showOrders(legalBases, out);
  }
}

function showOrders(legalBases: CustodyAsOf['legalBases'], out: Terminal): void {
  const rows = legalBases.map(({ subject, basis, version, organization, purposes, status }) => [
    subject,
    basis,
    String(version),
    organization,
    purposes.join(' '),
    status,
  ]);
  if (rows.length > 0)
    table([['subject', 'legal basis', 'version', 'for', 'purposes', 'status'], ...rows]).forEach(out.print);
}

function showRegistered({ agreements, legalBases }: RegisteredAsOf, out: Terminal): void {
  const rows = [
    ...agreements.map((one) => ({ ...one, what: `agreement of ${one.organizations.join(' and ')}` })),
    ...legalBases.map((one) => ({ ...one, what: `legal basis ${one.basis} of ${one.organization}` })),
  ].map(({ what, version, status, purposes, at }) => [what, String(version), status, purposes.join(' '), at]);
  if (rows.length > 0)
    table([['registered', 'version', 'status', 'purposes', 'since'], ...rows]).forEach(out.print);
}
