import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { RECEIPT_TYP, SLIP_TYP } from '@consent-ledger/chaincode/wire';
import { slipPage, type OperationName } from '@consent-ledger/chaincode/wire/http';
import { eventually } from '../../support/eventually.js';
import { newAppKey, type Signer } from '../../support/signers.js';
import type { TestMember } from './consortium.js';
import { givenOf, registerKey, signatureOn, statementFor, WITNESSED } from './evidence.js';
import {
  agreementBody,
  agreeOn,
  legalBasisBody,
  newBasis,
  proposeBasis,
  proposeTo,
  registerBasis,
} from './agreements.js';
import { EVIDENCE } from './fhir.js';
import { amendmentStep, askForAmendment, DENIAL } from './amendments.js';
import { ask, fileConsent, putRecord, registerSubject, treatmentConsent } from './people.js';
import { matchParameters, matchRequest, patientOf } from './matching.js';
import { claimsOf, framesOf, sendRequest, signedBy } from './requests.js';
import type { Members } from './shared.js';
import { newPrivateBasis, proposeAbout, registerAbout, subjectBasisBody } from './subject-bases.js';
import { chosen, putStudy, studyBody, withdrawnFrom } from './studies.js';

const ERASURE_CASE = { ground: 'registered-in-error', reference: 'case-1' } as const;

/** Input of one call, by the places that OpenAPI knows. */
export interface Input {
  readonly path: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly header: Record<string, unknown>;
  readonly body: unknown;
}

/** An input that is answered with what the operation promises, and the gateway at which it is. */
export interface GoodInput {
  readonly at: TestMember;
  readonly input: Input;
}

/**
 * For every operation there is, one good input, made when it is asked for: most are good once. It is a record of all of
 * them, so that no operation comes into being without one.
 */
export async function goodInputs({
  riverside,
  lakeside,
  novacure,
  sentinel,
}: Members): Promise<Readonly<Record<OperationName, () => Promise<GoodInput>>>> {
  const subject = await registerSubject(riverside);
  const delegate = await registerSubject(riverside);
  const consent = await file();
  const { id: record } = await putRecord(riverside, { subject });

  const good = (input: Partial<Input> = {}, at = riverside): GoodInput => ({
    at,
    input: { path: {}, query: {}, header: {}, body: undefined, ...input },
  });
  const same = (input?: Partial<Input>, at?: TestMember) => (): Promise<GoodInput> =>
    Promise.resolve(good(input, at));
  const ofSubject = { path: { id: subject } };
  const fhir = (more: Record<string, unknown> = {}): Record<string, unknown> => ({ release: 'r4', ...more });
  const withEvidence = { 'consent-ledger-evidence': EVIDENCE };

  async function file(recipient?: string): Promise<string> {
    const named = recipient === undefined ? {} : { recipient };
    const filed = await fileConsent(riverside, treatmentConsent({ subject, ...named }));
    return String(filed.json['consent']);
  }

  async function registeredKey(): Promise<Signer> {
    const signer = newAppKey();
    await registerKey(riverside, subject, signer);
    return signer;
  }

  async function keyBody(signer: Signer, replaces?: string): Promise<object> {
    const key = givenOf(signer);
    const said = { statement: 'key', subject, key, ...(replaces === undefined ? {} : { replaces }) };
    const made = await statementFor(riverside, said);
    return { key, evidence: WITNESSED, possession: signatureOn(made, signer) };
  }

  let stated: Promise<string> | undefined;
  async function study(): Promise<{ path: { id: string } }> {
    stated ??= putStudy(novacure);
    return { path: { id: await stated } };
  }

  const amendmentBody = { subject, record, text: 'It was the other arm' };

  /** Id of a request to amend a record, as far as it is to have come. */
  async function amendment(until: 'requested' | 'denied' | 'disputed' = 'requested'): Promise<string> {
    const id = await askForAmendment(riverside, amendmentBody);
    if (until !== 'requested') await amendmentStep(riverside, id, 'answer', DENIAL);
    if (until === 'disputed') await amendmentStep(riverside, id, 'disagreement', { text: 'I was there' });
    return id;
  }

  /** One that is accepted, and the access by which another member had the record before. */
  async function amended(): Promise<{ id: string; event: string }> {
    const { id: kept } = await putRecord(riverside, { subject });
    const event = String((await ask(lakeside, riverside, [kept])).headers['consent-ledger-event']);
    const id = await askForAmendment(riverside, { ...amendmentBody, record: kept });
    await putRecord(riverside, { id: kept, subject, content: Buffer.from('another'), reason: 'amended' });
    await amendmentStep(riverside, id, 'answer', { outcome: 'accepted', version: 2 });
    return { id, event };
  }

  const delegationBody = {
    delegate,
    relationship: 'guardian',
    scope: { acts: ['file'], scopes: ['patient-privacy'] },
    period: { start: '2026-01-01T00:00:00.000Z', end: '2036-01-01T00:00:00.000Z' },
    evidence: WITNESSED,
  };

  async function registeredDelegation(): Promise<string> {
    const token = await riverside.token('clerk', ['consent-clerk']);
    const path = `/v1/subjects/${subject}/delegations`;
    return String((await riverside.call('POST', path, { token, body: delegationBody })).json['delegation']);
  }

  /** A release that was made, and the receipt for it. */
  async function releasedTo(requester: TestMember): Promise<{ jti: string; receipt: string }> {
    const claims = claimsOf(requester, riverside, [record]);
    const sent = await sendRequest(riverside, await signedBy(requester, claims));
    const { control } = await framesOf(sent);
    const [start, settled] = [control[0], control.at(-1)];
    if (settled?.frame !== 'settled' || start?.frame !== 'record') throw new Error('not released');
    const { bytes, digest } = start;
    const receipt = {
      iss: requester.mspId,
      aud: riverside.mspId,
      ledger: claims['ledger'],
      iat: claims['iat'],
      event: settled.event.key,
      records: [{ record, bytes, digest, complete: true }],
    };
    return { jti: String(claims['jti']), receipt: await signedBy(requester, receipt, { typ: RECEIPT_TYP }) };
  }

  /** Id of an access that somebody of riverside's made in an emergency. */
  async function emergency(): Promise<string> {
    const token = await riverside.token('er-doctor', ['practitioner', 'emergency-physician'], {
      payload: { amr: ['pwd'] },
    });
    const path = `/v1/records/${record}?purpose=BTG&emergencyReason=unconscious`;
    const { headers } = await riverside.call('GET', path, { token });
    return String(headers['consent-ledger-event']).slice('event/'.length);
  }

  /** Id of a slip that novacure was handed. */
  async function arrivedSlip(): Promise<string> {
    const named = await file(novacure.reference);
    const token = await novacure.token('clerk', ['consent-clerk']);
    return eventually(async () => {
      const answer = await novacure.call('GET', '/v1/slips?limit=200', { token });
      const found = slipPage.parse(answer.json).slips.find((one) => one.consent === named);
      if (found === undefined) throw new Error('the slip has not come');
      return found.slip;
    });
  }

  /** A slip as its custodian's gateway hands it over. */
  async function handedOver(): Promise<string> {
    const slip = await arrivedSlip();
    const database = new DatabaseSync(join(novacure.configuration.dataDirectory, 'slips.db'), {
      readOnly: true,
    });
    const row = database.prepare('SELECT value FROM slip WHERE id = ?').get(slip) as { value: Uint8Array };
    database.close();
    const claims = {
      iss: riverside.mspId,
      aud: novacure.mspId,
      ledger: novacure.configuration.ledger.id,
      iat: Math.floor(Date.now() / 1_000),
      key: `slip/${slip}`,
      value: Buffer.from(row.value).toString('base64url'),
    };
    return signedBy(riverside, claims, { typ: SLIP_TYP });
  }

  return {
    health: same(),
    readiness: same(),
    metrics: same(),
    signingKeys: same(),
    registerSubject: same({ body: {} }),
    fileConsent: same({ body: { resource: treatmentConsent({ subject }), evidence: WITNESSED } }),
    getConsent: same({ path: { id: consent } }),
    withdrawConsent: async () => good({ path: { id: await file() }, body: {} }),
    makeStatement: same({ body: { statement: 'withdrawal', consent } }),
    registerKey: async () => good({ ...ofSubject, body: await keyBody(newAppKey()) }),
    listKeys: same(ofSubject),
    replaceKey: async () => {
      const { kid } = await registeredKey();
      return good({ path: { id: subject, key: kid }, body: await keyBody(newAppKey(), kid) });
    },
    revokeKey: async () =>
      good({ path: { id: subject, key: (await registeredKey()).kid }, body: { evidence: WITNESSED } }),
    registerDelegation: same({ ...ofSubject, body: delegationBody }),
    listDelegations: same(ofSubject),
    endDelegation: async () =>
      good({
        path: { id: subject, delegation: await registeredDelegation() },
        body: { evidence: WITNESSED },
      }),
    eraseSubject: async () => good({ path: { id: await registerSubject(riverside) }, body: ERASURE_CASE }),
    getErasure: async () => {
      const erased = await registerSubject(riverside);
      const token = await riverside.token('officer', ['privacy-officer']);
      await riverside.call('POST', `/v1/subjects/${erased}/erasure`, { token, body: ERASURE_CASE });
      return good({ path: { id: erased } });
    },
    requestAmendment: same({ body: amendmentBody }),
    listAmendments: same(),
    getAmendment: async () => good({ path: { id: await amendment() } }),
    listAmendmentRecipients: async () => good({ path: { id: await amendment() } }),
    extendAmendment: async () =>
      good({ path: { id: await amendment() }, body: { text: 'The source is away' } }),
    answerAmendment: async () => good({ path: { id: await amendment() }, body: DENIAL }),
    disagreeWithAmendment: async () => good({ path: { id: await amendment('denied') }, body: {} }),
    rebutAmendment: async () =>
      good({ path: { id: await amendment('disputed') }, body: { text: 'It was measured twice' } }),
    tellOfAmendment: async () => {
      const { id, event } = await amended();
      return good({ path: { id }, body: { events: [event] } });
    },
    putContacts: same({ ...ofSubject, body: {} }),
    listNotifications: same(ofSubject),
    putRecord: () =>
      Promise.resolve(good({ path: { id: randomUUID() }, query: { subject }, body: 'a finding' })),
    getRecord: same({ path: { id: record }, query: { purpose: 'TREAT' } }),
    putBundle: () => {
      const entry = [{ resource: { resourceType: 'Observation', id: randomUUID() } }];
      const body = { resourceType: 'Bundle', type: 'collection', entry };
      return Promise.resolve(good({ query: { subject }, body }));
    },
    getRecordQuality: same({ path: { id: record } }),
    getSubjectQuality: same(ofSubject),
    describeRecord: same({ path: { id: record } }),
    relabelRecord: same({ path: { id: record }, body: { reason: 'checked', labels: [] } }),
    makeLink: same({ ...ofSubject, body: {} }),
    listLinks: same(ofSubject),
    endLink: async () => {
      const token = await riverside.token('clerk', ['consent-clerk']);
      const made = await riverside.call('POST', `/v1/subjects/${subject}/links`, { token, body: {} });
      return good({ path: { id: subject, link: String(made.json['link']) } });
    },
    searchRecords: same({
      body: { custodian: riverside.reference, person: `subject/${subject}`, purpose: ['TREAT'] },
    }),
    answerSearch: async () => {
      const search = { person: `subject/${subject}`, limit: 10 };
      const claims = { ...claimsOf(lakeside, riverside, []), search };
      return good({ body: { request: await signedBy(lakeside, claims) } });
    },
    answerCohort: async () => {
      const claims = claimsOf(lakeside, riverside, [record]);
      return good({ body: { requests: [await signedBy(lakeside, claims)] } });
    },
    takeCohort: async () => good({ ...(await study()), body: { site: riverside.reference } }, novacure),
    fhirMatch: same({ path: {}, body: matchParameters(riverside.reference, patientOf()) }, novacure),
    answerMatch: async () => good({ body: await matchRequest(lakeside, riverside, patientOf()) }),
    putDemographics: same({ ...ofSubject, body: { patient: patientOf() } }),
    getDemographics: same(ofSubject),
    requestAccess: same(
      { body: { custodian: riverside.reference, records: [record], purpose: ['TREAT'] } },
      novacure,
    ),
    listAccessEvents: same({ query: { record } }),
    listExports: same(),
    listEmergencies: same(),
    reviewEmergency: async () => good({ path: { id: await emergency() }, body: { finding: 'justified' } }),
    listUnsettled: same(),
    listJournal: same(),
    listJournalFindings: same(),
    // What the ledger is within reach for is refused: `journal.test.ts` takes it out of reach.
    releaseByJournal: async () =>
      good({ body: { request: await signedBy(lakeside, claimsOf(lakeside, riverside, [record])) } }),
    countersignJournal: async () => {
      const { jti, receipt } = await releasedTo(lakeside);
      return good({ path: { jti }, body: { entry: receipt } });
    },
    check: same({
      body: { questions: [{ requester: { member: lakeside.reference }, purpose: ['TREAT'], record }] },
    }),
    listChecks: same(),
    fhirMetadata: same({ path: fhir() }),
    fhirSearch: same({ path: fhir(), query: { patient: `Patient/${subject}` } }),
    fhirSearchForm: same({ path: fhir(), body: `patient=Patient/${subject}` }),
    fhirCreate: same({ path: fhir(), header: withEvidence, body: treatmentConsent({ subject }) }),
    fhirRead: same({ path: fhir({ id: consent }) }),
    fhirUpdate: async () => {
      const id = await file();
      const header = { ...withEvidence, 'if-match': 'W/"1"' };
      return good({ path: fhir({ id }), header, body: treatmentConsent({ id, subject }) });
    },
    fhirHistory: same({ path: fhir({ id: consent }) }),
    fhirVersion: same({ path: fhir({ id: consent, version: '1' }) }),
    cdsDiscovery: same(),
    cdsConsult: same({
      body: {
        hook: 'patient-consent-consult',
        hookInstance: randomUUID(),
        context: { patientId: subject, actor: [{ value: lakeside.reference }], purposeOfUse: ['TREAT'] },
      },
    }),
    release: async () =>
      good({ body: { request: await signedBy(lakeside, claimsOf(lakeside, riverside, [record])) } }),
    receipt: async () => {
      const { jti, receipt } = await releasedTo(lakeside);
      return good({ path: { jti }, body: { receipt } });
    },
    receiveSlip: async () => good({ body: { slip: await handedOver() } }, novacure),
    listSlips: same({ query: { custodian: riverside.reference } }, novacure),
    verifySlip: async () => good({ path: { id: await arrivedSlip() } }, novacure),
    putStudy: () => Promise.resolve(good({ path: { id: randomUUID() }, body: studyBody() }, novacure)),
    listStudies: same({}, novacure),
    getStudy: same(await study(), novacure),
    enrol: async () => {
      const path = { ...(await study()).path, subject: await registerSubject(riverside) };
      return good({ path, body: { status: 'invited' } });
    },
    makeStudyConsent: async () => good({ ...(await study()), body: chosen({ subject }) }),
    fileStudyConsent: async () => {
      const participant = await registerSubject(riverside);
      return good({ ...(await study()), body: { ...chosen({ subject: participant }), evidence: WITNESSED } });
    },
    studyCounts: same(await study(), novacure),
    listParticipations: same(await study(), novacure),
    studyChanges: same(await study(), novacure),
    studyAlerts: same(await study(), novacure),
    exportStudy: same({ ...(await study()), query: { format: 'fhir' } }, novacure),
    acknowledgeStop: async () => {
      const { path } = await study();
      const person = await withdrawnFrom(path.id, riverside, novacure);
      const body = { site: riverside.reference, person, action: 'stopped', on: new Date().toISOString() };
      return good({ path, body }, novacure);
    },
    listAgreements: same(),
    proposeAgreement: same({ path: { member: 'lakeside' }, body: agreementBody() }),
    acceptAgreement: async () => {
      const proposal = await proposeTo(lakeside, riverside);
      return good({ path: { member: 'lakeside' }, body: { proposal } });
    },
    dropAgreement: async () => {
      await proposeTo(lakeside, riverside);
      return good({ path: { member: 'lakeside' } });
    },
    endAgreement: async () => {
      await agreeOn(lakeside, riverside);
      return good({ path: { member: 'lakeside' } });
    },
    listLegalBases: same(),
    proposeLegalBasis: () =>
      Promise.resolve(good({ path: { id: newBasis() }, body: legalBasisBody(lakeside) }, sentinel)),
    confirmLegalBasis: async () => {
      const { id, proposal } = await proposeBasis(sentinel, riverside, legalBasisBody(lakeside));
      return good({ path: { id }, body: { proposal } });
    },
    dropLegalBasis: async () => {
      const { id } = await proposeBasis(sentinel, riverside, legalBasisBody(lakeside));
      return good({ path: { id } }, sentinel);
    },
    endLegalBasis: async () =>
      good({ path: { id: await registerBasis(sentinel, riverside, legalBasisBody(lakeside)) } }),
    listSubjectBases: same(ofSubject),
    proposeSubjectBasis: () =>
      Promise.resolve(
        good({ path: { id: subject, basis: newPrivateBasis() }, body: subjectBasisBody(lakeside) }),
      ),
    confirmSubjectBasis: async () => {
      const basis = newPrivateBasis();
      const place = { custodian: riverside, subject, id: basis };
      const proposal = await proposeAbout(place, sentinel, subjectBasisBody(lakeside));
      const query = { custodian: riverside.reference };
      return good({ path: { id: subject, basis }, query, body: { proposal } }, sentinel);
    },
    dropSubjectBasis: async () => {
      const basis = newPrivateBasis();
      const place = { custodian: riverside, subject, id: basis };
      await proposeAbout(place, sentinel, subjectBasisBody(lakeside));
      return good({ path: { id: subject, basis } });
    },
    endSubjectBasis: async () => {
      const basis = newPrivateBasis();
      await registerAbout({ custodian: riverside, subject, id: basis }, sentinel, subjectBasisBody(lakeside));
      return good({ path: { id: subject, basis } });
    },
    listMembers: same(),
    getLedger: same(),
  };
}
