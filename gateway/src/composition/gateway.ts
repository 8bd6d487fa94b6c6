import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import type { Member } from '@consent-ledger/chaincode/wire';
import { openFileSpool } from '../adapters/records/file-spool.js';
import { takeData, type DataLock } from '../adapters/sqlite/data-lock.js';
import { openIdempotencyStore } from '../adapters/sqlite/idempotency-store.js';
import { openReceiptQueue } from '../adapters/sqlite/receipt-queue.js';
import type { LoadedConfiguration } from '../config/load.js';
import type { Configuration } from '../config/schema.js';
import { createApp } from '../http/app.js';
import { Cursors } from '../http/fhir/cursor.js';
import { matchHandlers } from '../http/fhir/match-handlers.js';
import { fhirReadHandlers } from '../http/fhir/read-handlers.js';
import { fhirSearchHandlers } from '../http/fhir/search-handlers.js';
import { fhirCreateHandlers, fhirUpdateHandlers } from '../http/fhir/write-handlers.js';
import type { Handlers } from '../http/handlers.js';
import { amendmentHandlers } from '../http/operations/amendments.js';
import { erasureHandlers } from '../http/operations/erasures.js';
import { followUpHandlers } from '../http/operations/follow-ups.js';
import { logHandlers } from '../http/operations/log.js';
import { signingKeyHandlers } from '../http/operations/notifications.js';
import { consentHandlers, custodyFor } from '../http/operations/people.js';
import { agreementHandlers } from '../http/operations/agreements.js';
import { askHandlers } from '../http/operations/records.js';
import { subjectBasisHandlers } from '../http/operations/subject-bases.js';
import { searchHandlers } from '../http/operations/searches.js';
import { serviceHandlers } from '../http/operations/service.js';
import { statementHandlers } from '../http/operations/subjects.js';
import { startServer } from '../http/server.js';
import type { IdempotencyStore } from '../ports/idempotency-store.js';
import type { Logger } from '../ports/logger.js';
import { ciphertextLength } from '../release/streaming-aead.js';
import type { AskOptions } from '../usecases/ask-for-records.js';
import { Receipts } from '../usecases/receipts.js';
import type { CustodyView } from '../usecases/custody-view.js';
import { compareWithAgreed, setUp } from '../usecases/set-up.js';
import { Closers } from './closers.js';
import { buildCustodian, type Custodian } from './custodian.js';
import { buildJournals } from './journals.js';
import { layFoundation, type Foundation } from './foundation.js';
import { NO_SEAMS, type Seams } from './seams.js';
import { buildSlips } from './slips.js';
import { buildStudies } from './studies.js';
import { acceptCdsClients, connectToIssuer, connectToPeers } from './others.js';

export interface RunningGateway {
  readonly port: number;
  /** Resolves when the gateway takes calls; rejects when it must not. */
  readonly ready: Promise<void>;
  /** Resolves when the ledger has become one that this gateway must not run on. */
  readonly broken: Promise<Error>;
  /** Lets end what is under way, then closes everything in the reverse order of its making. */
  close(): Promise<void>;
}

/**
 * Builds one gateway out of its configuration. Only this folder knows which adapter is behind which port. Throws a DataHeldError where
 * another process works on its data; a standby has waited for them, and brings the lock.
 */
export async function startGateway(
  loaded: LoadedConfiguration,
  log: Logger,
  seams: Seams = NO_SEAMS,
  lock?: DataLock,
): Promise<RunningGateway> {
  const closers = new Closers();
  // The first that is taken and the last that is given back.
  closers.add(lock ?? takeOwnData(loaded, seams));
  try {
    return await build(closers, loaded, log, seams);
  } catch (error) {
    await closers.close();
    throw error;
  }
}

function takeOwnData({ configuration: { dataDirectory } }: LoadedConfiguration, { now }: Seams): DataLock {
  mkdirSync(dataDirectory, { recursive: true, mode: 0o700 });
  return takeData(dataDirectory, now);
}

async function build(
  closers: Closers,
  loaded: LoadedConfiguration,
  log: Logger,
  seams: Seams,
): Promise<RunningGateway> {
  const { configuration, own } = loaded;
  const stopping = new AbortController();
  let isOpen = false;

  const foundation = await layFoundation(loaded, log, closers, seams);
  const { chain, custodies, epochs, members, memberKeys, metrics, outbox, projection, transactions } =
    foundation;
  const tokens = connectToIssuer(configuration, closers);
  const ask = await askOptions(foundation, closers);
  const ownCustody = own.kind === 'hospital' ? custodies.get(own.mspId) : undefined;
  const custodian =
    ownCustody === undefined ? undefined : await buildCustodian(ownCustody, foundation, closers);

  const overdueReviews = (): number => foundation.followUps.openReviews(foundation.now()).overdue;
  const journals = buildJournals(ask.peers, custodian?.custody, foundation, closers);
  const ownJournal = {
    journal: foundation.journal,
    member: (mspId: string): Member | undefined => members.registered(mspId),
  };
  const app = createApp({
    handlers: {
      ...serviceHandlers({
        configuration,
        chain,
        epochs,
        projection,
        members,
        metrics,
        tokens,
        isLedgerOpen: () => transactions.isOpen,
        isSetUp: () => isOpen,
        isStopping: () => stopping.signal.aborted,
        overdueReviews,
        overdueEntries: () => journals.counts().overdue,
        journalFindings: journals.findings,
      }),
      ...custodian?.handlers,
      ...overseenHandlers(foundation, custodian),
      ...buildSlips(custodian?.custody, ask.peers, foundation, closers),
      ...agreementHandlers({ members, registered: foundation.registered, transactions }),
      ...buildStudies(custodian?.custody, ask, foundation, closers),
      ...signingKeyHandlers(memberKeys.signing),
      ...journals.handlers,
      ...askHandlers({ members, own: custodian?.readOwn, ask, journal: ownJournal }),
      ...searchHandlers({ members, own: custodian?.find, search: ask }),
      ...matchHandlers({
        ...ask,
        members,
        own: custodian === undefined ? undefined : (body) => custodian.matches.answer(body),
      }),
    },
    tokens,
    clientTokens: acceptCdsClients(loaded, tokens),
    log,
    metrics,
    jsonBytes: configuration.limits.jsonBytes,
    idempotency: openSharedKeys(configuration, foundation, closers),
    title: `Consent ledger gateway of ${own.displayName}`,
    isOpen: () =>
      isOpen &&
      !stopping.signal.aborted &&
      chain.state !== 'failed' &&
      compareWithAgreed(configuration, projection) === 'agreed',
  });
  metrics.observe({
    height: () => projection.height,
    pendingValues: () => projection.pending().reduce((sum, { values }) => sum + values, 0),
    openTransactions: () => outbox.size,
    waitingRequests: () => custodian?.waiting() ?? 0,
    waitingNotifications: () => custodian?.waitingNotifications() ?? 0,
    openErasures: () => custodian?.openErasures() ?? 0,
    isLedgerOpen: () => chain.state === 'following' && transactions.isOpen,
    epochAgeSeconds: () => epochs.ageMs / 1_000,
    openReviews: () => foundation.followUps.openReviews(foundation.now()).open,
    overdueReviews,
    openAmendments: () => foundation.amendments.open(foundation.now()).open,
    overdueAmendments: () => foundation.amendments.open(foundation.now()).overdue,
    openJournalEntries: () => journals.counts().open,
    overdueJournalEntries: () => journals.counts().overdue,
    journalFindings: journals.findings,
    unsettledPermits: () =>
      foundation.followUps.unsettledCount(foundation.now() - configuration.limits.unsettledMinutes * 60_000),
  });
  const server = await startServer(app, configuration.listen);
  closers.addStop(() => server.close(configuration.deadlines.drainMs));
  log.info('gateway.listening', { address: `${configuration.listen.host}:${server.port}` });

  const ready = (async () => {
    const { signal } = stopping;
    const custody = custodian?.custody;
    await setUp({
      configuration,
      chain,
      projection,
      transactions,
      members,
      keys: memberKeys,
      custody,
      log,
      signal,
    });
    await custodian?.settle();
    isOpen = true;
    epochs.start();
    journals.start();
    log.info('gateway.ready', { height: projection.height });
  })();
  return {
    port: server.port,
    ready,
    broken: chain.broken,
    async close() {
      stopping.abort();
      await ready.catch(() => undefined);
      await closers.close();
    },
  };
}

/** Several gateways of one member may share the file, each with a data directory of its own. */
function openSharedKeys(
  { dataDirectory, sharedDirectory = dataDirectory }: Configuration,
  { now }: Foundation,
  closers: Closers,
): IdempotencyStore {
  mkdirSync(sharedDirectory, { recursive: true, mode: 0o700 });
  const path = join(sharedDirectory, 'idempotency.db');
  const gateway = createHash('sha256').update(realpathSync(dataDirectory)).digest('hex').slice(0, 16);
  return closers.add(openIdempotencyStore({ path, gateway, now }));
}

/** What custodians and oversight read of the collections that their peers hold. */
function overseenHandlers(foundation: Foundation, custodian: Custodian | undefined): Handlers {
  const {
    configuration,
    consents,
    custodies,
    erasures,
    followUps,
    members,
    notices,
    now,
    own,
    projection,
    pseudonymKey,
  } = foundation;
  const { transactions } = foundation;
  if (custodies.size === 0) return {};
  const custodyOf = (mspId: string): CustodyView => {
    const custody = custodies.get(mspId);
    if (custody === undefined) throw new Error('a custody that this member does not read');
    return custody;
  };
  const people = { members, transactions, pseudonymKey, own: custodian?.custody, custodyOf };
  const address = own.gateway;
  const ledgerId = configuration.ledger.id;
  const cursors = new Cursors(pseudonymKey);
  const description = `Consent ledger gateway of ${own.displayName}`;
  return {
    ...consentHandlers(people),
    ...statementHandlers({
      members,
      notices,
      now,
      ledgerId,
      passkeys: configuration.passkeys,
      custodyFor: (name) => custodyFor(name, people),
    }),
    ...fhirReadHandlers({ ...people, address, consents, cursors, description }),
    ...fhirSearchHandlers({ ...people, address, consents, cursors, description }),
    ...fhirUpdateHandlers({ ...people, address, consents, ledgerId }),
    ...(custodian === undefined ? {} : fhirCreateHandlers({ ...people, address, consents, ledgerId })),
    ...subjectBasisHandlers({
      members,
      transactions,
      custodyFor: (name) => custodyFor(name, people),
    }),
    ...logHandlers(projection, members),
    ...erasureHandlers({
      erasures,
      studies: foundation.studies,
      members,
      custodyFor: (name) => custodyFor(name, people),
    }),
    ...amendmentHandlers({
      amendments: foundation.amendments,
      members,
      projection,
      custodyOf,
      now,
      texts: custodian?.texts,
      custodyFor: (name) => custodyFor(name, people),
    }),
    ...followUpHandlers({
      followUps,
      members,
      transactions,
      now,
      pseudonymKey,
      unsettledMs: configuration.limits.unsettledMinutes * 60_000,
      custodyFor: (name) => custodyFor(name, people),
    }),
  };
}

async function askOptions(foundation: Foundation, closers: Closers): Promise<AskOptions> {
  const { chain, configuration, inData, log, memberKeys, now, own, seams, signer } = foundation;
  const { deadlines, ledger, limits } = configuration;
  const peers = seams.peers(connectToPeers(configuration, closers));
  const queue = closers.add(openReceiptQueue(inData('receipts.db')));
  const receipts = new Receipts({ queue, peers, log, now });
  receipts.start();
  closers.addStop(() => receipts.stop());
  return {
    own: own.mspId,
    ledgerId: ledger.id,
    signer,
    peers,
    receipts,
    keys: memberKeys,
    spool: seams.spool(await openFileSpool(inData('spool'))),
    chain,
    log,
    now,
    recordBytes: ciphertextLength(limits.recordBytes),
    eventMs: deadlines.commitMs,
    releaseMs: deadlines.releaseMs,
  };
}
