import { expect } from 'chai';
import { generateKeyPair, exportJWK } from 'jose';
import { RECEIPT_TYP } from '@consent-ledger/chaincode/wire';
import type { Answer } from './support/consortium.js';
import { events, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { claimsOf, framesOf, sendRequest, signedBy } from './support/requests.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

const now = (): number => Math.floor(Date.now() / 1000);

describe('a custodian answers only what a member signed, for it, now, and once', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let subject: string;
  let record: string;

  before(async () => {
    members = await sharedMembers();
    const { riverside, lakeside } = members;
    subject = await registerSubject(riverside);
    record = (await putRecord(riverside, { subject })).id;
    await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
  });

  const logged = async (): Promise<number> => (await events(members.riverside, { subject })).length;

  it('releases on a good request: ciphertext, then the event, and the key for it', async () => {
    const { riverside, lakeside } = members;
    const answer = await sendRequest(
      riverside,
      await signedBy(lakeside, claimsOf(lakeside, riverside, [record])),
    );
    expect(answer.status).to.equal(200);
    const { control, ciphertext } = await framesOf(answer);
    expect(control.map(({ frame }) => frame)).to.deep.equal(['record', 'record-end', 'settled']);
    const settled = control.at(-1);
    if (settled?.frame !== 'settled') throw new Error('not settled');
    expect(settled.keys.map((key) => key.record)).to.deep.equal([record]);
    expect(ciphertext).to.be.greaterThan(0);
  });

  it('refuses, without an event, what is not authentic', async () => {
    const { riverside, lakeside, novacure } = members;
    const good = claimsOf(lakeside, riverside, [record]);
    const fresh = (await generateKeyPair('ES256', { extractable: true })).privateKey;
    const foreign = await exportJWK(fresh);
    const altered = (await signedBy(lakeside, good)).replace(
      /\.[^.]+\./,
      `.${payload({ ...good, records: ['another'] })}.`,
    );
    const before = await logged();
    const attempts: [string, string, number, string][] = [
      ['altered', altered, 401, 'request-signature-invalid'],
      ['under an unknown key', await signedBy(lakeside, good, { key: foreign }), 401, 'signing-key-unknown'],
      ["with another member's key", await signedBy(novacure, good), 401, 'signing-key-unknown'],
      [
        'for another custodian',
        await signedBy(lakeside, { ...good, aud: 'LakesideMSP' }),
        403,
        'request-wrong-audience',
      ],
      [
        'for another ledger',
        await signedBy(lakeside, { ...good, ledger: 'f'.repeat(64) }),
        403,
        'request-wrong-ledger',
      ],
      ['by nobody', await signedBy(lakeside, { ...good, iss: 'NobodyMSP' }), 401, 'requester-unknown'],
      ['for a day', await signedBy(lakeside, { ...good, exp: now() + 86_400 }), 400, 'request-malformed'],
      ['without an end', await signedBy(lakeside, { ...good, exp: undefined }), 400, 'request-malformed'],
      ['of another type', await signedBy(lakeside, good, { typ: 'JWT' }), 400, 'request-malformed'],
      [
        'with a key in its header',
        await signedBy(lakeside, good, { header: { jwk: {} } }),
        400,
        'request-malformed',
      ],
      ['with more claims', await signedBy(lakeside, { ...good, admin: true }), 400, 'request-malformed'],
      [
        'for an unknown purpose',
        await signedBy(lakeside, { ...good, purpose: ['FUN'] }),
        400,
        'request-malformed',
      ],
      [
        'for too many records',
        await signedBy(lakeside, { ...good, records: many(51) }),
        400,
        'request-malformed',
      ],
      ['without a user', await signedBy(lakeside, { ...good, sub: '' }), 400, 'request-malformed'],
      ['a receipt', await signedBy(lakeside, good, { typ: RECEIPT_TYP }), 400, 'request-malformed'],
      ['not signed', `${payload({ alg: 'none' })}.${payload(good)}.AAAA`, 400, 'request-malformed'],
    ];
    for (const [name, request, status, code] of attempts) {
      expectProblem(await sendRequest(riverside, request), status, code, name);
    }
    expect(await logged()).to.equal(before);
  });

  it('logs a denial of what is authentic, but late, early, or for a key that is not registered', async () => {
    const { riverside, lakeside } = members;
    const good = claimsOf(lakeside, riverside, [record]);
    const variants: [string, Record<string, unknown>][] = [
      ['request-expired', { ...good, jti: 'a'.repeat(31) + tail(), iat: now() - 400, exp: now() - 100 }],
      [
        'request-not-yet-valid',
        { ...good, jti: 'b'.repeat(31) + tail(), iat: now() + 200, exp: now() + 400 },
      ],
      ['key-not-registered', { ...good, jti: 'c'.repeat(31) + tail(), enc: 'A'.repeat(43) }],
    ];
    for (const [code, claims] of variants) {
      const { control, ciphertext } = await framesOf(
        await sendRequest(riverside, await signedBy(lakeside, claims)),
      );
      const settled = control.at(-1);
      if (settled?.frame !== 'settled') throw new Error(`${code}: not settled`);
      const event = JSON.parse(Buffer.from(settled.event.value, 'base64url').toString('utf8')) as Event;
      expect(event.records.map((one) => one.code)).to.deep.equal([code]);
      expect(event.records.map((one) => one.outcome)).to.deep.equal(['deny']);
      expect(settled.keys, code).to.deep.equal([]);
      expect(ciphertext, code).to.equal(0);
    }
  });

  it('decides the same request once, however often and at whatever moment it is sent', async () => {
    const { riverside, lakeside } = members;
    const request = await signedBy(lakeside, claimsOf(lakeside, riverside, [record]));
    const before = await logged();
    const answers = await Promise.all(Array.from({ length: 8 }, () => sendRequest(riverside, request)));
    const endings = await Promise.all(answers.map(endingOf));
    expect(endings.filter((ending) => ending === 'settled')).to.have.length(1);
    expect(new Set(endings)).to.deep.equal(new Set(['settled', 'request-replayed']));
    expect(await endingOf(await sendRequest(riverside, request))).to.equal('request-replayed');
    expect(await logged()).to.equal(before + 1);
  });

  it('one bad request among many good ones harms none of them', async () => {
    const { riverside, lakeside } = members;
    const good = await Promise.all(
      Array.from({ length: 20 }, () => signedBy(lakeside, claimsOf(lakeside, riverside, [record]))),
    );
    const bad = (good[0] ?? '').replace(/.{10}$/, 'AAAAAAAAAA');
    const answers = await Promise.all([bad, ...good].map((request) => sendRequest(riverside, request)));
    expect(answers[0]?.status).to.equal(401);
    expect(new Set(await Promise.all(answers.slice(1).map(endingOf)))).to.deep.equal(new Set(['settled']));
  });

  it('takes a receipt only from the requester, for its event, within what was permitted', async () => {
    const { riverside, lakeside, novacure } = members;
    const claims = claimsOf(lakeside, riverside, [record]);
    const { control } = await framesOf(await sendRequest(riverside, await signedBy(lakeside, claims)));
    const [start, settled] = [control[0], control.at(-1)];
    if (settled?.frame !== 'settled' || start?.frame !== 'record') throw new Error('not released');
    const { bytes, digest } = start;
    const good = {
      iss: lakeside.mspId,
      aud: riverside.mspId,
      ledger: claims['ledger'],
      iat: now(),
      event: settled.event.key,
      records: [{ record, bytes, digest, complete: true }],
    };
    const jti = String(claims['jti']);
    const send = (receipt: string, of = jti): Promise<Answer> =>
      riverside.call('POST', `/v1/releases/${of}/receipt`, { body: { receipt } });
    const sign = (changed: object, by = lakeside, typ = RECEIPT_TYP): Promise<string> =>
      signedBy(by, changed, { typ });
    const attempts: [string, Answer][] = [
      ['of another request', await send(await sign(good), 'x'.repeat(32))],
      ['by another member', await send(await sign({ ...good, iss: novacure.mspId }, novacure))],
      ["with another member's key", await send(await sign(good, novacure))],
      [
        'of another record',
        await send(await sign({ ...good, records: [{ record: 'other', bytes, digest, complete: true }] })),
      ],
      ['of another type', await send(await sign(good, lakeside, 'JWT'))],
      ['for another custodian', await send(await sign({ ...good, aud: lakeside.mspId }))],
    ];
    for (const [name, answer] of attempts) expectProblem(answer, 422, 'receipt-refused', name);
    expectProblem(
      await send(await sign({ ...good, event: `event/${'0'.repeat(64)}` })),
      404,
      'event-unknown',
    );

    const first = await send(await sign(good));
    expect(first.status, first.bytes.toString()).to.equal(201);
    expect((await send(await sign(good))).status).to.equal(201);
    const entry = (await events(riverside, { subject })).find(({ event }) => event === settled.event.key);
    expect((entry?.['records'] as { delivered: boolean }[])[0]?.delivered).to.equal(true);
  });
});

interface Event {
  readonly records: readonly { readonly outcome: string; readonly code: string }[];
}

async function endingOf(answer: Answer): Promise<string> {
  if (answer.status !== 200) return String(answer.json['code']);
  const last = (await framesOf(answer)).control.at(-1);
  return last?.frame === 'failed' ? last.problem.code : String(last?.frame);
}

function payload(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `record-${index}`);
}

function tail(): string {
  return String(process.hrtime.bigint() % 10n);
}
