import { OPERATIONS, type OperationName } from '@consent-ledger/chaincode/wire/http';
import { QuestionLog } from '@consent-ledger/audit';
import { memberLayout } from '@consent-ledger/network';
import { expect } from 'chai';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { runCli } from '../support/cli.js';
import { temporaryFolder } from '../support/temporary.js';
import { goodInputs, type GoodInput } from './support/good-inputs.js';
import { PATIENCE_MS, sharedConsortium, sharedMembers, type Members } from './support/shared.js';
import type { TestMember } from './support/consortium.js';

/**
 * Every way in which what is known of subjects leaves a gateway, and where it is logged.
 * - `event`: as an access event on the ledger, permit and denial alike, before anything is told.
 * - `checks`: in the custodian's log of checks. `exports`: in the member's log of exports.
 * - `own`: to the member's own staff by their roles, about what the member itself keeps, oversees or was handed; no file. Of `takeCohort` each
 *   request is an event at its custodian, by `answerCohort`.
 * - `write`: an answer to what the caller has written, which is on the ledger itself.
 * - `none`: nothing of any subject.
 */
const WAYS: Readonly<Record<OperationName, 'event' | 'checks' | 'exports' | 'own' | 'write' | 'none'>> = {
  health: 'none',
  readiness: 'none',
  metrics: 'none',
  registerSubject: 'write',
  fileConsent: 'write',
  getConsent: 'own',
  withdrawConsent: 'write',
  makeStatement: 'none',
  registerKey: 'write',
  listKeys: 'own',
  replaceKey: 'write',
  revokeKey: 'write',
  registerDelegation: 'write',
  listDelegations: 'own',
  endDelegation: 'write',
  putContacts: 'write',
  listNotifications: 'own',
  signingKeys: 'none',
  eraseSubject: 'write',
  getErasure: 'own',
  requestAmendment: 'write',
  listAmendments: 'own',
  getAmendment: 'own',
  listAmendmentRecipients: 'own',
  extendAmendment: 'write',
  answerAmendment: 'write',
  disagreeWithAmendment: 'write',
  rebutAmendment: 'write',
  tellOfAmendment: 'write',
  putStudy: 'none',
  listStudies: 'none',
  getStudy: 'none',
  enrol: 'write',
  makeStudyConsent: 'none',
  fileStudyConsent: 'write',
  studyCounts: 'own',
  listParticipations: 'own',
  studyChanges: 'own',
  studyAlerts: 'own',
  exportStudy: 'exports',
  acknowledgeStop: 'write',
  listAgreements: 'none',
  proposeAgreement: 'none',
  acceptAgreement: 'none',
  dropAgreement: 'none',
  endAgreement: 'none',
  listLegalBases: 'none',
  proposeLegalBasis: 'none',
  confirmLegalBasis: 'none',
  dropLegalBasis: 'none',
  endLegalBasis: 'none',
  listSubjectBases: 'own',
  proposeSubjectBasis: 'write',
  confirmSubjectBasis: 'write',
  dropSubjectBasis: 'write',
  endSubjectBasis: 'write',
  putRecord: 'write',
  getRecord: 'event',
  putBundle: 'write',
  describeRecord: 'own',
  relabelRecord: 'write',
  searchRecords: 'event',
  answerSearch: 'event',
  answerCohort: 'event',
  takeCohort: 'own',
  makeLink: 'write',
  listLinks: 'own',
  endLink: 'write',
  getRecordQuality: 'own',
  getSubjectQuality: 'own',
  requestAccess: 'event',
  listAccessEvents: 'own',
  listExports: 'none',
  listEmergencies: 'own',
  reviewEmergency: 'write',
  listUnsettled: 'own',
  listJournal: 'own',
  listJournalFindings: 'own',
  // Nothing leaves before both have signed it; the entry is on the ledger afterwards (`fault/journal.test.ts`).
  releaseByJournal: 'write',
  countersignJournal: 'write',
  fhirMatch: 'event',
  answerMatch: 'event',
  putDemographics: 'write',
  getDemographics: 'own',
  check: 'checks',
  listChecks: 'own',
  fhirMetadata: 'none',
  fhirSearch: 'own',
  fhirSearchForm: 'own',
  fhirCreate: 'write',
  fhirRead: 'own',
  fhirUpdate: 'write',
  fhirHistory: 'own',
  fhirVersion: 'own',
  cdsDiscovery: 'none',
  cdsConsult: 'checks',
  release: 'event',
  receipt: 'write',
  receiveSlip: 'none',
  listSlips: 'own',
  verifySlip: 'own',
  listMembers: 'none',
  getLedger: 'none',
};

/** Opens every route: what is tried is not who may call. */
const ROLES = ['practitioner', 'researcher', 'consent-clerk', 'records-clerk', 'privacy-officer', 'auditor'];

describe('every way in which data leaves', function () {
  this.timeout(PATIENCE_MS);
  const work = temporaryFolder();
  let members: Members;
  let good: Awaited<ReturnType<typeof goodInputs>>;

  before(async () => {
    members = await sharedMembers();
    good = await goodInputs(members);
  });

  const token = (member: TestMember): Promise<string> =>
    member.token('who-takes-it', [...ROLES, 'trial-manager']);

  const perform = async (name: OperationName, { at, input }: GoodInput): Promise<void> => {
    const { method, path } = OPERATIONS[name];
    const target = path.replaceAll(/\{(\w+)\}/g, (_whole, part: string) => String(input.path[part]));
    const query = new URLSearchParams(input.query as Record<string, string>).toString();
    const isFhir = path.startsWith('/fhir/');
    const answer = await at.call(method.toUpperCase(), query === '' ? target : `${target}?${query}`, {
      token: await token(at),
      ...(input.body === undefined ? {} : { body: Buffer.from(JSON.stringify(input.body)) }),
      headers: { 'content-type': isFhir ? 'application/fhir+json' : 'application/json' },
    });
    // What is permitted, and what is denied, are logged alike.
    expect([200, 201, 403], `${name}: ${answer.bytes.toString().slice(0, 300)}`).to.include(answer.status);
  };

  /** All of a list that a gateway keeps, by its pages. */
  const counted = async (member: TestMember, path: string, name: string): Promise<number> => {
    let count = 0;
    for (let after = ''; ;) {
      const answer = await member.call('GET', `${path}?limit=200${after}`, { token: await token(member) });
      expect(answer.status, answer.bytes.toString()).to.equal(200);
      count += (answer.json[name] as unknown[]).length;
      const { next } = answer.json as { readonly next?: string };
      if (next === undefined) return count;
      after = `&after=${next}`;
    }
  };

  const LOGS = {
    event: ['/v1/access-events', 'events'],
    checks: ['/v1/checks', 'calls'],
    exports: ['/v1/exports', 'exports'],
  } as const;

  for (const [name, way] of Object.entries(WAYS) as [OperationName, (typeof WAYS)[OperationName]][]) {
    if (!(way in LOGS)) continue;
    it(`${name} is in the log of ${way}`, async () => {
      const [path, list] = LOGS[way as keyof typeof LOGS];
      const made = await good[name]();
      // Events are the custodian's to log, and oversight reads them; the others are logged where they are asked.
      const keeper = way === 'event' ? members.sentinel : made.at;
      const before = await counted(keeper, path, list);
      await perform(name, made);
      await eventually(
        async () => {
          expect(await counted(keeper, path, list)).to.be.greaterThan(before);
        },
        { withinMs: 60_000 },
      );
    });
  }

  it('has a way for each operation that answers with a file of many, and none of these goes unlogged', () => {
    const files = (Object.keys(OPERATIONS) as OperationName[]).filter((name) =>
      OPERATIONS[name].path.endsWith('/export'),
    );
    expect(files).not.to.deep.equal([]);
    for (const name of files) expect(WAYS[name], name).to.equal('exports');
  });

  it('names who took an export, by a pseudonym, and what', async () => {
    const made = await good.exportStudy();
    await perform('exportStudy', made);
    const answer = await made.at.call('GET', '/v1/exports?limit=200', { token: await token(made.at) });
    const last = (answer.json['exports'] as Record<string, unknown>[]).at(-1);
    expect(last).to.deep.include({
      what: 'study-participations',
      about: made.input.path['id'],
      format: 'fhir',
    });
    expect(answer.bytes.toString()).not.to.include('who-takes-it');
  });

  it('has an evidence bundle, full or compact, in the auditor’s log before it is written', async () => {
    const { directory } = await sharedConsortium();
    const configurationFile = memberLayout(directory, 'sentinel').configuration;
    const { dataDirectory } = members.sentinel.configuration;
    const take = (...args: string[]) =>
      runCli(['audit', 'evidence', ...args, '--configuration', configurationFile], work.path);
    const full = await take('--out', join(work.path, 'full.evidence'));
    expect(full.code, full.stderr).to.equal(0);
    await take('--compact', '--record', 'r-1', '--out', join(work.path, 'compact.evidence'));
    const log = new QuestionLog(join(dataDirectory, 'audit', 'questions.db'));
    const entries = [...log.entries()].filter(({ question }) => question === 'evidence');
    log.close();
    expect(entries.slice(-2).map(({ parameters }) => parameters)).to.deep.equal([
      { kind: 'full' },
      { kind: 'compact', record: 'r-1' },
    ]);
  });

  it('has a replay in the auditor’s log before it reads a block, also where nothing comes of it', async () => {
    const { directory } = await sharedConsortium();
    const configurationFile = memberLayout(directory, 'sentinel').configuration;
    const { dataDirectory } = members.sentinel.configuration;
    const replay = (...args: string[]) =>
      runCli(['audit', 'replay', ...args, '--configuration', configurationFile], work.path);
    const beyond = await replay('--as-of', '999999999', '--subject', 'somebody', '--json');
    expect(beyond.code, beyond.stderr).to.equal(2);
    const shown = await replay('--as-of', '1', '--member', 'LakesideMSP');
    expect(shown.code, shown.stderr).to.equal(0);
    const log = new QuestionLog(join(dataDirectory, 'audit', 'questions.db'));
    const entries = [...log.entries()].filter(({ question }) => question === 'replay');
    log.close();
    expect(entries.slice(-2).map(({ via, parameters }) => ({ via, parameters }))).to.deep.equal([
      { via: 'command', parameters: { subject: 'somebody', asOf: '999999999' } },
      { via: 'command', parameters: { member: 'LakesideMSP', asOf: '1' } },
    ]);
  });
});
