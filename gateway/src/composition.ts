import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { custodyCollection, withdrawalCollection } from '@consent-ledger/chaincode/wire';
import { Agent, fetch } from 'undici';
import { openFileVault } from './adapters/keys/file-vault.js';
import { loadMemberKeys } from './adapters/keys/member-keys.js';
import { secretFile } from './adapters/keys/secret-file.js';
import { connectToPeer } from './adapters/ledger/connection.js';
import { createFabricLedger } from './adapters/ledger/fabric-ledger.js';
import { createMetrics } from './adapters/metrics.js';
import { createHttpsPeers } from './adapters/peers/https-peers.js';
import { openFileSpool } from './adapters/records/file-spool.js';
import { openFileStore } from './adapters/records/file-store.js';
import { openOutbox } from './adapters/sqlite/outbox.js';
import { openProjection } from './adapters/sqlite/projection.js';
import { createJwtVerifier } from './adapters/tokens/jwt-verifier.js';
import { Closers } from './closers.js';
import type { LoadedConfiguration } from './config/load.js';
import { createApp } from './http/app.js';
import type { Handlers } from './http/handlers.js';
import { askHandlers, readOwnHandlers, releaseHandlers } from './http/operations/records.js';
import { keepHandlers } from './http/operations/keep.js';
import { logHandlers } from './http/operations/log.js';
import { consentHandlers, custodianPeopleHandlers } from './http/operations/people.js';
import { serviceHandlers } from './http/operations/service.js';
import { problemOf } from './http/problems.js';
import { startServer } from './http/server.js';
import type { Logger } from './ports/logger.js';
import { Chain } from './usecases/chain.js';
import { CustodyView } from './usecases/custody-view.js';
import { Decisions } from './usecases/decisions.js';
import { Deliveries } from './usecases/deliveries.js';
import { settleUnconfirmed } from './usecases/keep-record.js';
import { createLook } from './usecases/look.js';
import { Members } from './usecases/members.js';
import { createRequestSigner } from './usecases/request-object.js';
import { compareWithAgreed, setUp } from './usecases/set-up.js';
import { Transactions } from './usecases/transactions.js';

export interface RunningGateway {
  readonly port: number;
  /** Resolves when the gateway takes calls; rejects when it must not. */
  readonly ready: Promise<void>;
  /** Lets end what is under way, then closes everything in the reverse order of its making. */
  close(): Promise<void>;
}

/** Builds one gateway out of its configuration. The only place that knows which adapter is behind which port. */
export async function startGateway(
  { configuration, own }: LoadedConfiguration,
  log: Logger,
): Promise<RunningGateway> {
  const closers = new Closers();
  try {
    return await build(closers, { configuration, own }, log);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

async function build(
  closers: Closers,
  { configuration, own }: LoadedConfiguration,
  log: Logger,
): Promise<RunningGateway> {
  const { ledger: ledgerSettings, limits, deadlines, tokens: tokenSettings, dataDirectory } = configuration;
  const now = (): number => Date.now();
  const stopping = new AbortController();
  let isOpen = false;

  // Stores.
  const inData = (name: string): string => join(dataDirectory, name);
  mkdirSync(inData('keys'), { recursive: true, mode: 0o700 });
  const pseudonymKey = secretFile(inData('keys/pseudonyms.key'), true);
  const memberKeys = await loadMemberKeys(configuration.keys);
  const spool = await openFileSpool(inData('spool'));
  const outbox = closers.add(openOutbox(inData('outbox.db')));
  const readable = readableCustodians(configuration);
  const projection = closers.add(
    openProjection({
      path: inData('projection.db'),
      chaincode: ledgerSettings.chaincode,
      collections: readable.flatMap((mspId) => [custodyCollection(mspId), withdrawalCollection(mspId)]),
    }),
  );
  const members = new Members(projection, configuration.members, own);

  // The ledger.
  const metrics = createMetrics();
  const connection = closers.add(connectToPeer(own.mspId, ledgerSettings, deadlines));
  const ledger = createFabricLedger({
    connection,
    channel: ledgerSettings.channel,
    chaincode: ledgerSettings.chaincode,
    own: own.mspId,
    oversight: members.oversight.map(({ mspId }) => mspId),
  });
  const chain = new Chain({ ledger, projection, outbox, log });
  const transactions = new Transactions({
    ledger,
    chain,
    outbox,
    log,
    commitMs: deadlines.commitMs,
    onSettled: (code, seconds) => {
      metrics.settled(code, seconds);
    },
  });
  chain.start();
  closers.addStop(() => chain.stop());
  transactions.start();
  closers.addStop(() => transactions.stop());

  // Others: the token issuer and the other gateways.
  const peers = closers.add(
    createHttpsPeers({ members: configuration.members, idleMs: deadlines.peerIdleMs }),
  );
  const issuerAgent = new Agent(
    tokenSettings.tlsCa === undefined ? {} : { connect: { ca: readFileSync(tokenSettings.tlsCa) } },
  );
  closers.addStop(() => issuerAgent.close());
  const tokens = createJwtVerifier({
    ...tokenSettings,
    fetch: (url, { signal, headers }) =>
      fetch(url, {
        signal,
        headers: [...headers],
        redirect: 'error',
        dispatcher: issuerAgent,
      }) as Promise<unknown> as Promise<Response>,
  });

  // What this member does.
  const signer = createRequestSigner({
    own: own.mspId,
    ledgerId: ledgerSettings.id,
    keys: memberKeys,
    pseudonymKey,
    now,
  });
  const custodies = new Map(readable.map((mspId) => [mspId, new CustodyView(projection, mspId)]));
  const ownCustody = own.kind === 'hospital' ? custodies.get(own.mspId) : undefined;
  let decisions: Decisions | undefined;
  let settleRecords = (): Promise<void> => Promise.resolve();
  let custodian: Handlers = {};
  let readOwn: Parameters<typeof readOwnHandlers>[0] | undefined;

  if (ownCustody !== undefined) {
    const custody = ownCustody;
    const records = await openFileStore(inData('records'));
    const vault = closers.add(openFileVault(inData('keys')));
    decisions = new Decisions({
      projection,
      outbox,
      transactions,
      members,
      custody,
      ledgerId: ledgerSettings.id,
      now,
      limits,
      onBatch: (count) => {
        metrics.batched(count);
      },
    });
    const decide = decisions;
    const look = createLook(custody, now);
    const keep = { custody, records, vault, transactions, recordBytes: limits.recordBytes };
    settleRecords = () => settleUnconfirmed({ ...keep, outbox });
    readOwn = { decisions, custody, signer, records, vault };
    custodian = {
      ...custodianPeopleHandlers({ members, transactions, pseudonymKey, own: custody, custodyOf }),
      ...keepHandlers(keep),
      ...readOwnHandlers(readOwn),
      ...releaseHandlers({
        decisions,
        release: { accept: (text) => decide.accept(text), look, custody, records, vault },
        describeProblem: problemOf,
        deliveries: new Deliveries({
          custody,
          ledgerId: ledgerSettings.id,
          members,
          projection,
          transactions,
        }),
      }),
    };
  }

  function custodyOf(mspId: string): CustodyView {
    const custody = custodies.get(mspId);
    if (custody === undefined) throw new Error('a custody that this member does not read');
    return custody;
  }

  const handlers: Handlers = {
    ...serviceHandlers({
      configuration,
      chain,
      projection,
      members,
      metrics,
      tokens,
      isSetUp: () => isOpen,
      isStopping: () => stopping.signal.aborted,
    }),
    ...custodian,
    ...(readable.length === 0
      ? {}
      : {
          ...consentHandlers({ members, transactions, pseudonymKey, own: ownCustody, custodyOf }),
          ...logHandlers(projection, members),
        }),
    ...askHandlers({
      members,
      own: readOwn,
      ask: {
        own: own.mspId,
        ledgerId: ledgerSettings.id,
        signer,
        peers,
        memberKeys,
        keys: memberKeys,
        spool,
        chain,
        log,
        now,
        recordBytes: limits.recordBytes + limits.recordBytes / 1024,
        eventMs: deadlines.commitMs,
        releaseMs: deadlines.releaseMs,
      },
    }),
  };
  metrics.observe({
    height: () => projection.height,
    pendingValues: () => projection.pending().reduce((sum, { values }) => sum + values, 0),
    openTransactions: () => outbox.size,
    waitingRequests: () => decisions?.waiting ?? 0,
  });

  const app = createApp({
    handlers,
    tokens,
    log,
    metrics,
    jsonBytes: limits.jsonBytes,
    title: `Consent ledger gateway of ${own.displayName}`,
    isOpen: () =>
      isOpen &&
      !stopping.signal.aborted &&
      chain.state !== 'failed' &&
      compareWithAgreed(configuration, projection) === 'agreed',
  });
  const server = await startServer(app, configuration.listen);
  closers.addStop(() => server.close(deadlines.drainMs));
  log.info('gateway.listening', { address: `${configuration.listen.host}:${server.port}` });

  const ready = (async () => {
    const custody = ownCustody;
    await setUp({
      configuration,
      chain,
      projection,
      transactions,
      members,
      keys: memberKeys,
      custody,
      log,
      signal: stopping.signal,
    });
    await settleRecords();
    isOpen = true;
    log.info('gateway.ready', { height: projection.height });
  })();
  return {
    port: server.port,
    ready,
    async close() {
      stopping.abort();
      await ready.catch(() => undefined);
      await closers.close();
    },
  };
}

/** MSP ids of the custodians whose private values the own peer holds. */
function readableCustodians({ member, members }: LoadedConfiguration['configuration']): string[] {
  const own = members.find(({ mspId }) => mspId === member);
  const custodians = members.filter(({ kind }) => kind === 'hospital').map(({ mspId }) => mspId);
  if (own?.kind === 'auditor' || own?.kind === 'regulator') return custodians;
  return custodians.filter((mspId) => mspId === member);
}
