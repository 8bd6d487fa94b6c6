import { ACCESS, checkpointText, type Audience } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { newAppKey } from '../../support/signers.js';
import { registerKeyCommand } from './support/evidence.js';
import {
  EVIDENCE,
  SUBJECT,
  amendmentOf,
  consentOf,
  fieldsOf,
  recordOf,
  registerPatient,
  sha,
} from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import { BASIS, PRIVATE_BASIS, agreementOf, legalBasisOf, subjectBasisOf } from './support/registering.js';
import { STUDY, openStudy, studyOf, termsOf } from './support/studies.js';
import {
  LAKESIDE,
  LEDGER_ID,
  NOVACURE,
  PEPPER,
  POLICY,
  RIVERSIDE,
  ROLES,
  SENTINEL,
  World,
  bytes,
  makeCertificates,
  refusalOf,
  type Who,
} from './support/world.js';

const CHECKPOINT = checkpointText({
  ledger: LEDGER_ID,
  size: 1,
  root: Buffer.alloc(32),
  block: 1,
  hash: '0'.repeat(64),
  time: '2026-11-24T10:00:00.000Z',
  configuration: 0,
});

/** One good command and query of every name, all about Riverside. */
function samples(world: World): Record<string, Record<string, Record<string, object>>> {
  const event = world.key('event', LAKESIDE, 'a'.repeat(22));
  return {
    registry: {
      apply: {
        'found-ledger': { id: LEDGER_ID },
        'register-member': { member: world.statementOf(RIVERSIDE) },
        'move-epoch': { number: 1 },
        'state-study': studyOf(),
        'sign-checkpoint': { checkpoint: CHECKPOINT, signature: 'AAAA' },
        'propose-agreement': agreementOf(),
        'accept-agreement': { with: LAKESIDE, proposal: sha('proposal') },
        'drop-agreement': { with: LAKESIDE },
        'end-agreement': { with: LAKESIDE },
        'propose-legal-basis': legalBasisOf(),
        'confirm-legal-basis': { basis: BASIS, proposal: sha('proposal') },
        'drop-legal-basis': { basis: BASIS },
        'end-legal-basis': { basis: BASIS },
        'commit-journal': {
          chain: 'A'.repeat(22),
          from: 0,
          entries: [{ entry: sha('entry'), due: '2026-01-01T00:00:00.000Z' }],
        },
      },
      query: {
        ledger: {},
        epoch: {},
        members: {},
        member: { mspId: RIVERSIDE },
        study: { study: STUDY },
        checkpoint: { block: 1 },
        agreement: { members: [RIVERSIDE, LAKESIDE] },
        'agreement-proposal': { members: [RIVERSIDE, LAKESIDE] },
        'legal-basis': { basis: BASIS },
        'legal-basis-proposal': { basis: BASIS },
      },
    },
    custody: {
      apply: {
        'open-custody': { pepper: PEPPER.toString('base64url'), policy: POLICY },
        'register-subject': { subject: 'sub-2' },
        'register-record': { ...recordOf('hb-2') },
        'register-records': { records: [fieldsOf('hb-3')] },
        'file-consent': { consent: 'c-2', subject: SUBJECT, resource: consentOf('c-2'), evidence: EVIDENCE },
        'register-key': registerKeyCommand(world, newAppKey()),
        'revoke-key': { subject: SUBJECT, key: sha('key'), evidence: EVIDENCE },
        'register-delegation': {
          delegation: 'd-1',
          subject: SUBJECT,
          delegate: 'sub-9',
          relationship: 'proxy',
          scope: { acts: ['file'], scopes: ['research'] },
          period: { start: '2026-01-01T00:00:00.000Z', end: '2036-01-01T00:00:00.000Z' },
          evidence: EVIDENCE,
        },
        'end-delegation': { delegation: 'd-1', subject: SUBJECT, evidence: EVIDENCE },
        decide: { requests: [world.request()] },
        'erase-subject': {
          subject: SUBJECT,
          ground: 'objection',
          reference: 'case-1',
          values: [],
          withdrawals: [],
        },
        'record-deliveries': { deliveries: [{ event, receipt: 'a.b.c' }] },
        'review-emergency': { event, request: 'a.b.c', reviewer: 'a'.repeat(22), finding: 'justified' },
        'log-journal': { entries: [{ request: 'a.b.c', custodian: 'a.b.c' }] },
        enrol: { study: STUDY, subject: SUBJECT, status: 'invited' },
        'propose-subject-basis': subjectBasisOf(),
        'confirm-subject-basis': { subject: SUBJECT, basis: PRIVATE_BASIS, proposal: sha('proposal') },
        'drop-subject-basis': { subject: SUBJECT, basis: PRIVATE_BASIS },
        'end-subject-basis': { subject: SUBJECT, basis: PRIVATE_BASIS },
        'request-amendment': amendmentOf('a-2'),
        'extend-amendment': { amendment: 'a-1', reason: sha('reason') },
        'answer-amendment': {
          amendment: 'a-1',
          answeredBy: 'a'.repeat(22),
          answer: { outcome: 'accepted', version: 2 },
        },
        'dispute-amendment': { amendment: 'a-1', statement: { kind: 'inclusion' } },
        'tell-amendment': { amendment: 'a-1', events: [event] },
      },
      query: {
        custody: {},
        subject: { subject: SUBJECT },
        record: { record: 'hb-1' },
        consent: { consent: 'c-1' },
        policies: { subject: SUBJECT },
        key: { subject: SUBJECT, key: sha('key') },
        delegation: { delegation: 'd-1' },
        event: { requester: LAKESIDE, jti: 'a'.repeat(22) },
        'event-hash': { event },
        'slip-hash': { slip: `slip/${'0'.repeat(64)}` },
        enrolment: { study: STUDY, subject: SUBJECT },
      },
    },
    withdrawal: {
      apply: { withdraw: { consent: 'c-1', subject: SUBJECT, evidence: EVIDENCE } },
      query: {
        withdrawals: { subject: SUBJECT },
        withdrawn: { consent: 'c-1' },
        'withdrawn-hash': { withdrawn: `withdrawn/${'0'.repeat(64)}` },
      },
    },
    study: {
      apply: {
        'state-terms': termsOf({ version: 2 }),
        'record-participations': { study: STUDY, subjects: [SUBJECT] },
        'acknowledge-stop': { study: STUDY, person: 'a'.repeat(22), statement: 'a.b.c' },
      },
      query: {
        terms: { study: STUDY },
        participation: { study: STUDY, person: 'a'.repeat(22) },
        stopping: { study: STUDY, person: 'a'.repeat(22) },
      },
    },
  };
}

const EVERYONE: Who[] = [RIVERSIDE, LAKESIDE, NOVACURE, SENTINEL, 'StrangerMSP'].flatMap((mspId) =>
  ROLES.map((role) => ({ mspId, role })),
);

/** Who may, by the words of the audience, written down a second time. */
const MAY: Readonly<Record<Audience, (who: Who) => boolean>> = {
  'any-admin': ({ role }) => role === 'admin',
  'own-admin': ({ mspId, role }) => role === 'admin' && mspId === RIVERSIDE,
  'any-identity': ({ role }) => role === 'admin' || role === 'client',
  'any-client': ({ role }) => role === 'client',
  'custodian-client': ({ mspId, role }) => role === 'client' && mspId === RIVERSIDE,
  'collection-client': ({ mspId, role }) => role === 'client' && (mspId === RIVERSIDE || mspId === SENTINEL),
  'oversight-client': ({ mspId, role }) => role === 'client' && mspId === SENTINEL,
  'own-client': ({ mspId, role }) => role === 'client' && mspId === NOVACURE,
  'own-or-oversight-client': ({ mspId, role }) =>
    role === 'client' && (mspId === NOVACURE || mspId === SENTINEL),
  'study-client': ({ mspId, role }) =>
    role === 'client' && (mspId === RIVERSIDE || mspId === NOVACURE || mspId === SENTINEL),
};

describe('every function refuses every wrong caller', () => {
  let world: World;

  before(async () => {
    await makeCertificates();
    world = await World.open();
    await registerPatient(world);
    await openStudy(world);
  });

  function call(contract: string, method: string, message: object, who: Who): Promise<Simulation> {
    if (contract === 'registry')
      return world.call([`registry:${method}`, JSON.stringify(message)], undefined, who);
    const field = method === 'apply' ? 'command' : 'query';
    const parties = contract === 'study' ? [RIVERSIDE, NOVACURE] : [RIVERSIDE];
    return world.call([`${contract}:${method}`, ...parties], { [field]: bytes(message) }, who);
  }

  for (const [contract, methods] of Object.entries(ACCESS)) {
    for (const [method, names] of Object.entries(methods) as [string, Record<string, Audience>][]) {
      for (const [name, audience] of Object.entries(names)) {
        it(`${contract}:${method} ${name} is for ${audience}`, async () => {
          const sample = samples(world)[contract]?.[method]?.[name];
          expect(sample, 'every command and query has a sample here').to.not.equal(undefined);
          const salted = method === 'apply' && contract !== 'registry' ? { salt: sha(name) } : {};
          const message = { v: 1, [method === 'apply' ? 'command' : 'query']: name, ...salted, ...sample };
          for (const who of EVERYONE) {
            const before = new Map(world.ledger.state);
            const done = await call(contract, method, message, who);
            const isRefused = done.status === 500 && done.message === 'caller-not-allowed';
            expect(isRefused, `${who.mspId} ${who.role ?? ''}: ${done.message}`).to.equal(
              !MAY[audience](who),
            );
            if (isRefused) expect(world.ledger.state).to.deep.equal(before);
          }
        });
      }
    }
  }

  it("keeps a custodian out of another's custody, whatever it names", async () => {
    for (const method of ['apply', 'query']) {
      const name =
        method === 'apply' ? { command: 'register-subject', salt: sha('x') } : { query: 'subject' };
      const message = { v: 1, ...name, subject: SUBJECT };
      const field = method === 'apply' ? 'command' : 'query';
      const done = await world.call(
        [`custody:${method}`, RIVERSIDE],
        { [field]: bytes(message) },
        { mspId: LAKESIDE },
      );
      expect(refusalOf(done)).to.equal('caller-not-allowed');
    }
  });

  it('refuses a certificate that cannot be read', async () => {
    const proposal = {
      args: ['registry:query', '{"v":1,"query":"ledger"}'],
      mspId: RIVERSIDE,
      at: world.now,
    };
    for (const certificate of ['', 'x', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n']) {
      expect(refusalOf(await world.ledger.submit({ ...proposal, certificate }))).to.equal(
        'caller-not-allowed',
      );
    }
  });
});
