import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  custodyCollection,
  EPOCH_KEY,
  journalKey,
  studyCollection,
  withdrawalCollection,
} from '@consent-ledger/chaincode/wire';
import { loadMemberKeys } from '../adapters/keys/member-keys.js';
import { secretFile } from '../adapters/keys/secret-file.js';
import { openEndpoints } from '../adapters/ledger/endpoint.js';
import { createFabricLedger } from '../adapters/ledger/fabric-ledger.js';
import { createMetrics } from '../adapters/metrics.js';
import { openJournal } from '../adapters/sqlite/journal-store.js';
import { openOutbox } from '../adapters/sqlite/outbox.js';
import { openProjection } from '../adapters/sqlite/projection.js';
import type { LoadedConfiguration } from '../config/load.js';
import type { Logger } from '../ports/logger.js';
import type { ConsentIndex } from '../ports/consent-index.js';
import type { Erasures } from '../ports/erasures.js';
import type { MemberKeys } from '../ports/member-keys.js';
import type { Metrics } from '../ports/metrics.js';
import type { Ledger } from '../ports/ledger.js';
import type { Amendments } from '../ports/amendments.js';
import type { FollowUps } from '../ports/follow-ups.js';
import type { Journal } from '../ports/journal.js';
import type { JournalIndex } from '../ports/journal-index.js';
import type { Notices } from '../ports/notices.js';
import type { RecordIndex } from '../ports/record-index.js';
import type { Slips } from '../ports/slips.js';
import type { Trials } from '../ports/trials.js';
import type { Outbox } from '../ports/outbox.js';
import type { Projection } from '../ports/projection.js';
import type { Chain } from '../usecases/chain.js';
import { CustodyView } from '../usecases/custody-view.js';
import { Epochs } from '../usecases/epochs.js';
import { isOversight, Members } from '../usecases/members.js';
import { RegisteredView } from '../usecases/registered-view.js';
import { StudyView } from '../usecases/study-view.js';
import { createRequestSigner, type RequestSigner } from '../usecases/request-object.js';
import type { Transactions } from '../usecases/transactions.js';
import type { Closers } from './closers.js';
import type { Seams } from './seams.js';
import { wireTransactions } from './transacting.js';

/** What every gateway is built on: its own peer, what it has read there, and what it signs with. */
export interface Foundation extends LoadedConfiguration {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  /** Path of something in the data directory. */
  readonly inData: (name: string) => string;
  readonly memberKeys: MemberKeys;
  readonly pseudonymKey: Buffer;
  readonly signer: RequestSigner;
  readonly outbox: Outbox;
  readonly projection: Projection;
  readonly consents: ConsentIndex;
  readonly journal: Journal;
  readonly journalIndex: JournalIndex;
  readonly notices: Notices;
  readonly slips: Slips;
  readonly erasures: Erasures;
  readonly amendments: Amendments;
  readonly followUps: FollowUps;
  readonly recordIndex: RecordIndex;
  readonly registered: RegisteredView;
  readonly studies: StudyView;
  readonly trials: Trials;
  readonly members: Members;
  readonly ledger: Ledger;
  readonly chain: Chain;
  readonly transactions: Transactions;
  readonly epochs: Epochs;
  readonly seams: Seams;
  /** Custodies whose values the own peer holds, by MSP id. */
  readonly custodies: ReadonlyMap<string, CustodyView>;
}

export async function layFoundation(
  loaded: LoadedConfiguration,
  log: Logger,
  closers: Closers,
  seams: Seams,
): Promise<Foundation> {
  const { configuration, own } = loaded;
  const { channel, chaincode, id: ledgerId } = configuration.ledger;
  const { now } = seams;
  const inData = (name: string): string => join(configuration.dataDirectory, name);
  mkdirSync(inData('keys'), { recursive: true, mode: 0o700 });
  const pseudonymKey = secretFile(inData('keys/pseudonyms.key'), true);
  const memberKeys = await loadMemberKeys(configuration.keys);
  const signer = createRequestSigner({ own: own.mspId, ledgerId, keys: memberKeys, pseudonymKey, now });

  const readable = readableCustodians(loaded);
  const collections = [
    ...readable.flatMap((mspId) => [custodyCollection(mspId), withdrawalCollection(mspId)]),
    ...studyCollections(loaded),
  ];
  const outbox = seams.outbox(closers.add(openOutbox(inData('outbox.db'))));
  const projection = closers.add(openProjection({ path: inData('projection.db'), chaincode, collections }));
  const journal = seams.journal(
    closers.add(
      openJournal(
        inData('journal.db'),
        own.mspId,
        (claims) => memberKeys.signJournal(claims),
        (chain, seq) => projection.publicValue(journalKey(own.mspId, chain, seq)) !== undefined,
      ),
    ),
  );
  const members = new Members(projection, configuration.members, own);
  const custodies = new Map(readable.map((mspId) => [mspId, new CustodyView(projection, mspId)]));

  const metrics = createMetrics();
  const { deadlines } = configuration;
  const fabric = closers.add(
    createFabricLedger({
      endpoints: openEndpoints(own.mspId, configuration.ledger, deadlines),
      channel,
      chaincode,
      epochKey: EPOCH_KEY,
      own: own.mspId,
      oversight: startingAt(
        members.oversight.map(({ mspId }) => mspId),
        configuration.members.indexOf(own),
      ),
      log,
      endorseMs: deadlines.endorseMs,
      evaluateMs: deadlines.evaluateMs,
    }),
  );
  const ledger = seams.ledger(fabric);
  const { chain, transactions } = wireTransactions({
    configuration,
    ledger,
    projection,
    outbox,
    log,
    onSettled: (code, seconds) => {
      metrics.settled(code, seconds);
    },
    onProposedAgain: (why) => {
      metrics.proposedAgain(why);
    },
    onResent: () => {
      metrics.resent();
    },
  });
  const epochs = new Epochs({
    projection,
    transactions,
    log,
    seconds: configuration.ledger.epochSeconds,
    isMover: isOversight(own),
    now,
  });
  chain.start();
  closers.addStop(() => chain.stop());
  transactions.start();
  closers.addStop(() => transactions.stop());
  closers.addStop(() => epochs.stop());

  return {
    ...loaded,
    log,
    metrics,
    now,
    inData,
    memberKeys,
    pseudonymKey,
    signer,
    outbox,
    projection,
    consents: projection.consents,
    journal,
    journalIndex: projection.journalIndex,
    notices: projection.notices,
    slips: projection.slips,
    erasures: projection.erasures,
    amendments: projection.amendments,
    followUps: projection.followUps,
    recordIndex: projection.records,
    registered: new RegisteredView(projection),
    studies: new StudyView(projection),
    trials: projection.trials,
    members,
    ledger,
    chain,
    transactions,
    epochs,
    seams,
    custodies,
  };
}

/** The same in another order, so that not every gateway turns to the same oversight organisation first. */
function startingAt(mspIds: readonly string[], start: number): string[] {
  return mspIds.map((_, index) => mspIds[(start + index) % mspIds.length] ?? '');
}

/** MSP ids of the custodians whose private values the own peer holds: all for oversight, itself for a custodian. */
function readableCustodians({ configuration, own }: LoadedConfiguration): string[] {
  const custodians = configuration.members
    .filter(({ kind }) => kind === 'hospital')
    .map(({ mspId }) => mspId);
  return isOversight(own) ? custodians : custodians.filter((mspId) => mspId === own.mspId);
}

/** The study collections that the own peer holds: all for oversight, its own for a site or a sponsor. */
function studyCollections({ configuration, own }: LoadedConfiguration): string[] {
  const ofKind = (kind: string): string[] =>
    configuration.members.filter((member) => member.kind === kind).map(({ mspId }) => mspId);
  return ofKind('hospital').flatMap((site) =>
    ofKind('sponsor')
      .filter((sponsor) => isOversight(own) || [site, sponsor].includes(own.mspId))
      .map((sponsor) => studyCollection(site, sponsor)),
  );
}
