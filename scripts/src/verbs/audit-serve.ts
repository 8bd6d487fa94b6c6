import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { QuestionLog, type UnusualAnalyses } from '@consent-ledger/audit';
import { Command, InvalidArgumentError } from 'commander';
import { catchUp } from '../audit/catch-up.js';
import {
  asUserError,
  openAudited,
  withProjectionOptions,
  type Audited,
  type ProjectionOptions,
} from '../audit/projection-options.js';
import { unusualAnalyses, withFamilies, type FamiliesOption } from '../audit/unusual-options.js';
import { terminal, type Terminal } from '../terminal/terminal.js';
import { badInput, EXIT, systemCode } from '../user-error.js';
import { followOn } from './audit-follow.js';
import { examples } from './options.js';
import { stopRequests } from './signals.js';

interface Options extends ProjectionOptions, FamiliesOption {
  readonly port: number;
}

/** `consent-ledger audit serve` */
export function auditServeVerb(done: (exitCode: number) => void): Command {
  return withFamilies(withProjectionOptions(new Command('serve')))
    .description(
      'Follow the own peer, and answer auditors over HTTPS: every question as GET /v1/audit/<question>, and FHIR AuditEvents at /fhir/r4/AuditEvent.',
    )
    .option('--port <port>', 'where to listen; 0 is any free one', parsePort, 0)
    .addHelpText(
      'after',
      `
It listens where the member's gateway does, with its certificate, and takes tokens of its issuer with role auditor.
${examples('audit serve --port 7900', 'audit serve --configuration /etc/consent-ledger/gateway.json --port 8443')}`,
    )
    .action(async (options: Options) => {
      done(await serve(options));
    });
}

function parsePort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_535)
    throw new InvalidArgumentError('It must be a port, such as 7900.');
  return Number(text);
}

async function serve(options: Options): Promise<number> {
  const out = terminal();
  const stop = stopRequests();
  const audited = await openAudited(options);
  const log = new QuestionLog(path.join(audited.folder, 'questions.db'));
  const unusual = await unusualAnalyses(audited.folder, log, options);
  let isReady = false;
  try {
    const server = await listening({
      audited,
      log,
      unusual,
      port: options.port,
      isReady: () => isReady,
      out,
    });
    try {
      await catchUp(audited, out);
      isReady = true;
      await followOn(audited, stop.signal, out);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    return EXIT.ok;
  } catch (error) {
    throw asUserError(error);
  } finally {
    stop.release();
    await unusual.close();
    log.close();
    await audited.close();
  }
}

interface Listening {
  readonly audited: Audited;
  readonly log: QuestionLog;
  readonly unusual: UnusualAnalyses;
  readonly port: number;
  readonly isReady: () => boolean;
  readonly out: Terminal;
}

async function listening({ audited: { peer, store }, log, unusual, port, isReady, out }: Listening) {
  // Loaded here: no other command needs a web server.
  const { auditorsOnly, createAuditApp } = await import('@consent-ledger/audit/service');
  const { listen, tokens } = peer.configuration;
  const app = createAuditApp({
    store,
    ledger: peer.ledgerId,
    log,
    unusual,
    isReady,
    authenticate: auditorsOnly({
      issuer: tokens.issuer,
      audience: tokens.audience,
      jwksUri: tokens.jwksUri,
      rolesClaim: tokens.rolesClaim,
      ...(tokens.tlsCa !== undefined && { ca: readFileSync(tokens.tlsCa) }),
    }),
    onFailure: (error, requestId) => {
      out.say(`${requestId}: ${error instanceof Error ? error.name : 'failed'}`);
    },
  });
  const server = createServer(
    {
      cert: readFileSync(listen.certificate),
      key: readFileSync(listen.privateKey),
      minVersion: 'TLSv1.2',
      headersTimeout: 15_000,
      requestTimeout: 30_000,
    },
    app,
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, listen.host, resolve);
  }).catch((error: unknown) => {
    throw badInput(`It cannot listen on ${listen.host}:${port} (${systemCode(error) ?? 'no reason'}).`, {
      cause: error,
    });
  });
  out.print(`Auditors ask at https://${listen.host}:${(server.address() as AddressInfo).port}`);
  return server;
}
