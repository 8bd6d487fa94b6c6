import { secretFile } from '../adapters/keys/secret-file.js';
import { readProfileFile } from '../adapters/profiles/read-profile-file.js';
import { openPatientIndex } from '../adapters/persons/patient-index.js';
import { openLabelTables } from '../adapters/labels/label-tables.js';
import { openQualityTable } from '../adapters/quality/read-quality-table.js';
import { openCheckLog } from '../adapters/sqlite/check-log.js';
import { openSealedTexts } from '../adapters/sqlite/sealed-texts.js';
import { openLinkStore } from '../adapters/sqlite/link-store.js';
import type { Handlers } from '../http/handlers.js';
import { amendmentStepHandlers } from '../http/operations/amendments.js';
import { bundleHandlers } from '../http/operations/bundles.js';
import { cdsHandlers } from '../http/cds/handlers.js';
import { checkHandlers } from '../http/operations/checks.js';
import { linkHandlers } from '../http/operations/links.js';
import { labelHandlers } from '../http/operations/labels.js';
import { journalAnswerHandlers } from '../http/operations/journal.js';
import { keepHandlers } from '../http/operations/keep.js';
import { custodianPeopleHandlers } from '../http/operations/people.js';
import { qualityHandlers } from '../http/operations/quality.js';
import { readOwnHandlers, releaseHandlers } from '../http/operations/records.js';
import { listingHandlers } from '../http/operations/searches.js';
import { subjectHandlers } from '../http/operations/subjects.js';
import { answerMatchHandlers, demographicsHandlers } from '../http/fhir/match-handlers.js';
import { problemOf } from '../http/problems.js';
import { profilesOf } from '../pseudonymising/research-profile.js';
import type { ReadOwnOptions } from '../usecases/ask-for-records.js';
import type { SealedTextStore } from '../ports/sealed-texts.js';
import { AmendmentSteps } from '../usecases/amendments/amendment-steps.js';
import { denialsIn } from '../usecases/amendments/denials.js';
import { Checks } from '../usecases/checks.js';
import { Participants } from '../usecases/cohort/participants.js';
import type { CustodyView } from '../usecases/custody-view.js';
import { Decisions } from '../usecases/decisions.js';
import { Deliveries } from '../usecases/deliveries.js';
import type { FindOptions } from '../usecases/finding/find-records.js';
import { Links } from '../usecases/finding/links.js';
import { MatchAnswers } from '../usecases/matching/answer-match.js';
import { FoundPersons } from '../usecases/matching/found-persons.js';
import { SealedTexts } from '../usecases/finding/sealed-text.js';
import { JournalAnswers } from '../usecases/journal/answer-by-journal.js';
import { settleUnconfirmed } from '../usecases/keep-record.js';
import { KnownConsents } from '../usecases/known-consents.js';
import { QualityReports } from '../usecases/quality/quality-reports.js';
import { createLook } from '../usecases/look.js';
import type { Closers } from './closers.js';
import { buildErasing } from './erasing.js';
import { buildNotifications } from './notifications.js';
import type { Foundation } from './foundation.js';
import { openStores } from './stores.js';

/** What a member that keeps records has besides. */
export interface Custodian {
  readonly custody: CustodyView;
  readonly handlers: Handlers;
  readonly readOwn: ReadOwnOptions;
  readonly find: FindOptions;
  /** What was written about amendments. */
  readonly texts: SealedTextStore;
  readonly matches: MatchAnswers;
  /** Requests that wait for a batch. */
  readonly waiting: () => number;
  /** Messages to subjects that are still to be brought. */
  readonly waitingNotifications: () => number;
  /** Erasures that are still to be done to the end. */
  readonly openErasures: () => number;
  /** To be done before the gateway takes calls: what an earlier process left half done. */
  readonly settle: () => Promise<void>;
}

/** How long a release waits for the own peer's blocks to come in again. */
const CURRENT_MS = 10_000;
/** Every reference to a person who was found is of this length. */
const FOUND_BYTES = 128;
/** Every cursor of a search is of this length, whatever it says. */
const CURSOR_BYTES = 160;

export async function buildCustodian(
  custody: CustodyView,
  foundation: Foundation,
  closers: Closers,
): Promise<Custodian> {
  const {
    chain,
    configuration,
    consents,
    own,
    inData,
    journal,
    log,
    memberKeys,
    members,
    metrics,
    now,
    outbox,
    projection,
    pseudonymKey,
    seams,
    signer,
    transactions,
  } = foundation;
  const { limits } = configuration;
  const ledgerId = configuration.ledger.id;
  const stores = await openStores(foundation, closers);
  const ownVault = stores.vault;
  const records = seams.records(stores.records);
  const vault = seams.vault(ownVault);
  const decisions = new Decisions({
    projection,
    outbox,
    transactions,
    members,
    custody,
    ledgerId,
    now,
    limits,
    isJournalled: (event) => journal.find('custodian', event) !== undefined,
    onBatch: (count) => {
      metrics.batched(count);
    },
  });
  const known = new KnownConsents(custody, limits.knownConsentsBytes);
  chain.onFolded((block) => {
    known.forget(block);
  });
  const checkLog = closers.add(
    await openCheckLog(inData('checks.db'), configuration.retention.checkDays, (error) => {
      log.warn('check-log-not-checkpointed', { error });
    }),
  );
  const checks = new Checks({
    custody,
    known,
    members,
    registered: foundation.registered,
    studies: foundation.studies,
    projection,
    log: checkLog,
    now,
    limits,
  });
  const deliveries = new Deliveries({ custody, ledgerId, members, projection, transactions });
  const notifications = buildNotifications(custody, ownVault, foundation, closers);
  const keep = { custody, records, vault, transactions, recordBytes: limits.recordBytes };
  const tables = openLabelTables(configuration.labelTable, inData('label-tables'));
  const referencesKey = secretFile(inData('keys/references.key'), true);
  const index = closers.add(
    openPatientIndex(inData('patient-index.db'), { seal: ownVault, secret: referencesKey }),
  );
  const reports = new QualityReports({
    kept: keep,
    index,
    records: foundation.recordIndex,
    table: openQualityTable(configuration.qualityTable),
    now,
  });
  const found = new FoundPersons({
    sealed: new SealedTexts(referencesKey, 'found person', FOUND_BYTES),
    lastsMs: limits.foundMinutes * 60_000,
    now,
  });
  const linkStore = closers.add(openLinkStore(inData('links.db')));
  const links = new Links({ custody, store: linkStore, members, now });
  const texts = closers.add(openSealedTexts(inData('amendments.db'), ownVault));
  const steps = new AmendmentSteps({ custody, texts, transactions });
  const forgetting = {
    forget: (subject: string): void => {
      linkStore.forget(subject);
      index.forget(subject);
      texts.forget(subject);
      notifications.store.forget(subject);
    },
  };
  const erasing = buildErasing(
    { custody, keys: ownVault, records, notifications: forgetting },
    foundation,
    closers,
  );
  const denialsOf = denialsIn(custody, foundation.amendments);
  const readOwn = { decisions, custody, signer, records, vault, denialsOf };
  const accept = (text: string): ReturnType<Decisions['accept']> => decisions.accept(text);
  const current = (): Promise<void> => chain.level(CURRENT_MS);
  const look = createLook(custody, foundation.studies, foundation.registered, now);
  const { pseudonymisedBytes } = limits;
  const profileOf = profilesOf(configuration.studyProfiles.map(readProfileFile));
  const release = {
    accept,
    look,
    current,
    custody,
    records,
    vault,
    now,
    profileOf,
    pseudonymisedBytes,
    denialsOf,
  };
  const journalAnswers = new JournalAnswers({
    journal,
    custody,
    ledgerId,
    decisions,
    chain,
    transactions,
    projection,
    member: (mspId) => members.registered(mspId),
    lookAt: (at) => createLook(custody, foundation.studies, foundation.registered, () => at),
    outgoing: release,
    log,
    now,
  });
  const find: FindOptions = {
    accept,
    decide: (request) => decisions.decide(request),
    look: release.look,
    current,
    custody,
    consents,
    slips: foundation.slips,
    links,
    participants: new Participants({ custody, trials: foundation.trials, projection }),
    studies: foundation.studies,
    found,
    records: foundation.recordIndex,
    cursors: new SealedTexts(referencesKey, 'search cursor', CURSOR_BYTES),
  };
  const matches = new MatchAnswers({ find, index, found, keys: memberKeys, limits, now });
  return {
    custody,
    handlers: {
      ...custodianPeopleHandlers({ own: custody, transactions, pseudonymKey, ledgerId }),
      ...subjectHandlers({ own: custody, transactions, pseudonymKey, passkeys: configuration.passkeys }),
      ...notifications.handlers,
      ...keepHandlers(keep, tables, reports),
      ...qualityHandlers(reports),
      ...amendmentStepHandlers(steps, pseudonymKey),
      ...labelHandlers({ keep, tables }),
      ...linkHandlers(links),
      ...answerMatchHandlers(matches),
      ...demographicsHandlers({ custody, index, now }),
      ...bundleHandlers({ keep, tables, reports, bundleBytes: limits.bundleBytes }),
      ...erasing.handlers,
      ...checkHandlers(checks, pseudonymKey),
      ...cdsHandlers({
        checks,
        consents,
        custody,
        pseudonymKey,
        address: own.gateway,
        label: own.displayName,
      }),
      ...readOwnHandlers(readOwn),
      ...listingHandlers(find),
      ...journalAnswerHandlers(journalAnswers, problemOf),
      ...releaseHandlers({ decisions, release, find, deliveries, describeProblem: problemOf }),
    },
    readOwn,
    find,
    texts,
    matches,
    waiting: () => decisions.waiting,
    waitingNotifications: notifications.waiting,
    openErasures: erasing.open,
    settle: async () => {
      await settleUnconfirmed({ ...keep, outbox });
      await erasing.settle();
    },
  };
}
