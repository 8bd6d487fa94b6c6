import type { ConfigurationInput } from '@consent-ledger/gateway';
import { notificationList, type NotificationList } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { createLocalJWKSet, decodeJwt, jwtVerify, type JSONWebKeySet } from 'jose';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newAppKey } from '../support/signers.js';
import { startConsortium, type Answer, type TestConsortium, type TestMember } from './support/consortium.js';
import { callAsClerk, registerKey, WITNESSED } from './support/evidence.js';
import {
  newAuthority,
  SMTP_PASSWORD,
  SMTP_USER,
  startHook,
  startMailServer,
  type Hook,
  type Mail,
  type MailServer,
} from './support/inboxes.js';
import { fileConsent, registerSubject, treatmentConsent, withdraw } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS } from './support/shared.js';
import { inDays, putStudy, studyBody, withdrawnFrom } from './support/studies.js';

const PORTAL = 'https://portal.riverside.example/mine';

describe('subjects are told what is done in their name', function () {
  this.timeout(2 * PATIENCE_MS);
  let consortium: TestConsortium;
  let riverside: TestMember;
  let sentinel: TestMember;
  let mail: MailServer;
  let hook: Hook;
  let systems: Hook;
  let subject: string;
  let address: string;
  const secrets = mkdtempSync(join(tmpdir(), 'consent-ledger-'));

  before(async () => {
    const authority = await newAuthority();
    const tlsCa = join(secrets, 'ca.pem');
    const passwordFile = join(secrets, 'smtp.password');
    writeFileSync(tlsCa, authority.certificate);
    writeFileSync(passwordFile, `${SMTP_PASSWORD}\n`, { mode: 0o600 });
    mail = await startMailServer(authority);
    hook = await startHook(authority);
    const notifications = {
      portal: PORTAL,
      smtp: {
        host: '127.0.0.1',
        port: mail.port,
        tlsCa,
        user: SMTP_USER,
        passwordFile,
        from: 'consent@riverside.example',
      },
      webhooks: { hosts: [hook.host], tlsCa },
      retryMs: 100,
      giveUpMs: 600_000,
    };
    systems = await startHook(authority);
    const studyAlerts = {
      webhooks: [
        { url: `https://${systems.host}/all` },
        { url: `https://${systems.host}/one`, studies: ['one'] },
      ],
      tlsCa,
      retryMs: 100,
    };
    consortium = await startConsortium((configuration: ConfigurationInput) => {
      if (configuration.member === 'NovacureMSP') return { ...configuration, studyAlerts };
      return configuration.member === 'RiversideMSP' ? { ...configuration, notifications } : configuration;
    });
    riverside = consortium.member('riverside');
    sentinel = consortium.member('sentinel');
  });

  after(async () => {
    await consortium.stop();
    await mail.close();
    await hook.close();
    await systems.close();
    rmSync(secrets, { recursive: true, force: true });
  });

  beforeEach(async () => {
    mail.refuse = undefined;
    hook.status = 202;
    subject = await registerSubject(riverside);
    address = `jane.roe.${subject.slice(0, 8)}@mail.example`;
  });

  async function putContacts(contacts: object, whose = subject): Promise<Answer> {
    const token = await riverside.token('clerk', ['consent-clerk']);
    return riverside.call('PUT', `/v1/subjects/${whose}/contacts`, { token, body: contacts });
  }

  async function outbox(whose = subject): Promise<NotificationList> {
    const token = await riverside.token('portal', ['consent-portal']);
    const answer = await riverside.call('GET', `/v1/subjects/${whose}/notifications`, { token });
    return notificationList.parse(answer.json);
  }

  const mailsTo = (whom = address): Mail[] => mail.mails.filter(({ to }) => to === whom);

  const hooksOf = (whose = subject): string[] =>
    hook.bodies.filter(({ path }) => path === `/hook/${whose}`).map(({ text }) => text);

  async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (!(await holds())) {
      if (Date.now() > deadline)
        throw new Error(`it did not come about: ${what}\n${consortium.logs().slice(-3_000)}`);
      await sleep(50);
    }
  }

  /** Every message is settled, so that what did not come will not come. */
  const settled = async (): Promise<boolean> =>
    (await outbox()).notifications.every(({ deliveries }) =>
      deliveries.every(({ status }) => status !== 'waiting'),
    );

  async function file(): Promise<string> {
    return String((await fileConsent(riverside, treatmentConsent({ subject }))).json['consent']);
  }

  it('of every filing, withdrawal, key and delegation, by mail and webhook', async () => {
    const webhook = `https://${hook.host}/hook/${subject}`;
    const kept = await putContacts({ mail: address, webhook });
    expect(kept.json, kept.bytes.toString()).to.deep.equal({ subject, channels: ['mail', 'webhook'] });
    const consent = await file();
    await withdraw(sentinel, consent, riverside);
    const key = newAppKey();
    await registerKey(riverside, subject, key);
    await callAsClerk(riverside, `/v1/subjects/${subject}/keys/${key.kid}/loss`, { evidence: WITNESSED });
    const terms = {
      delegate: await registerSubject(riverside),
      relationship: 'proxy',
      scope: { acts: ['file'], scopes: ['research'] },
      period: { start: '2026-01-01T00:00:00.000Z', end: '2099-01-01T00:00:00.000Z' },
      evidence: WITNESSED,
    };
    const path = `/v1/subjects/${subject}/delegations`;
    const { delegation } = (await callAsClerk(riverside, path, terms)).json;
    await callAsClerk(riverside, `${path}/${String(delegation)}/end`, { evidence: WITNESSED });

    await until(() => mailsTo().length === 6 && hooksOf().length === 6, 'six messages on each channel');
    await until(settled, 'all noted as sent');
    const { notifications } = await outbox();
    expect(notifications.map(({ kind, about }) => [kind, about])).to.deep.equal([
      ['delegation-ended', delegation],
      ['delegation-registered', delegation],
      ['key-ended', key.kid],
      ['key-registered', key.kid],
      ['consent-withdrawn', consent],
      ['consent-filed', consent],
      ['contacts-changed', undefined],
    ]);
    for (const { deliveries } of notifications.slice(0, 6)) {
      expect(deliveries.map(({ channel, status, attempts }) => [channel, status, attempts])).to.deep.equal([
        ['mail', 'sent', 1],
        ['webhook', 'sent', 1],
      ]);
    }

    for (const { text } of mailsTo()) {
      const plain = text.replaceAll('=\r\n', '');
      expect(plain)
        .to.include(PORTAL)
        .and.to.match(/Auto-Submitted: auto-generated/);
      for (const secret of [consent, subject, key.kid, String(delegation), 'TREAT', 'lakeside', 'permit'])
        expect(plain.toLowerCase()).to.not.include(secret.toLowerCase());
    }
    const ids = mailsTo().map(({ text }) => /^Message-ID:\s*(\S+)/im.exec(text)?.[1]);
    expect(new Set(ids).size).to.equal(6);

    const jwks = (await riverside.call('GET', '/.well-known/jwks.json')).json as unknown as JSONWebKeySet;
    const kinds: string[] = [];
    for (const text of hooksOf()) {
      const { payload, protectedHeader } = await jwtVerify(text, createLocalJWKSet(jwks), {
        typ: 'secevent+jwt',
        issuer: riverside.url,
        audience: `https://${hook.host}`,
      });
      expect(protectedHeader.alg).to.equal('ES256');
      expect(payload['sub_id']).to.deep.equal({ format: 'opaque', id: subject });
      kinds.push(...Object.keys(payload['events'] as object));
    }
    expect(kinds.map((kind) => kind.replace('urn:consent-ledger:event:', ''))).to.have.members(
      notifications.slice(0, 6).map(({ kind }) => kind),
    );
    expect(hook.bodies.every(({ contentType }) => contentType === 'application/secevent+jwt')).to.equal(true);
  });

  it('once the server is there again; what it refuses for good is given up', async () => {
    const webhook = `https://${hook.host}/hook/${subject}`;
    await putContacts({ mail: address, webhook });
    mail.refuse = 451;
    hook.status = 503;
    await file();
    const tried = async (): Promise<boolean> =>
      (await outbox()).notifications[0]?.deliveries.every(({ attempts }) => attempts >= 3) === true;
    await until(tried, 'three attempts on each channel');
    expect(mailsTo()).to.deep.equal([]);
    mail.refuse = undefined;
    hook.status = 200;
    await until(settled, 'sent in the end');
    expect(mailsTo()).to.have.length(1);
    const attempts = hooksOf().map((text) => decodeJwt(text).jti);
    expect(new Set(attempts).size, 'the same message each time').to.equal(1);

    mail.refuse = 550;
    hook.status = 410;
    await file();
    await until(settled, 'given up');
    const [newest] = (await outbox()).notifications;
    expect(newest?.deliveries.map(({ status, attempts: count }) => [status, count])).to.deep.equal([
      ['failed', 1],
      ['failed', 1],
    ]);
  });

  it('and follows nobody who sends it elsewhere', async () => {
    await putContacts({ webhook: `https://${hook.host}/hook/${subject}` });
    hook.status = 307;
    await file();
    await until(() => hooksOf().length >= 3, 'three attempts');
    expect(hook.bodies.some(({ path }) => path === '/elsewhere')).to.equal(false);
    hook.status = 202;
    await until(settled, 'sent in the end');
  });

  it('also of what came while the gateway was down, or died over it, and of nothing twice', async () => {
    await putContacts({ mail: address });
    const consent = await file();
    await until(() => mailsTo().length === 1, 'the first mail');
    await until(settled, 'noted as sent');

    await riverside.process.stop('SIGKILL');
    expect((await withdraw(sentinel, consent, riverside)).status).to.equal(200);
    await riverside.start();
    await until(() => mailsTo().length === 2, 'the withdrawal that came meanwhile');

    // It dies as soon as the ledger has it: in the store is what was taken in together with how far it had read.
    mail.refuse = 451;
    await file();
    await riverside.process.stop('SIGKILL');
    mail.refuse = undefined;
    await riverside.start();
    await until(() => mailsTo().length === 3, 'the filing that it died over');

    // A projection that is made again finds the same notices, and tells none a second time.
    await until(settled, 'all noted as sent');
    await riverside.process.stop();
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(riverside.configuration.dataDirectory, `projection.db${suffix}`), { force: true });
    await riverside.start();
    await file();
    await until(() => mailsTo().length === 4, 'the next filing');
    await until(settled, 'all noted as sent');
    expect(mailsTo()).to.have.length(4);
    expect((await outbox()).notifications).to.have.length(5);
  });

  it('at the old address when it changes, so that nobody turns messages away unseen', async () => {
    await putContacts({ mail: address });
    const other = `other.${address}`;
    await putContacts({ mail: other });
    await until(() => mailsTo().length === 1, 'word to the old address');
    expect(mailsTo()[0]?.text).to.include('addresses were changed');
    await file();
    await until(() => mailsTo(other).length === 1, 'the filing, to the new address');
    await putContacts({});
    await until(() => mailsTo(other).length === 2, 'word that it is forgotten');
    await file();
    await until(settled, 'nothing waits');
    expect([mailsTo().length, mailsTo(other).length]).to.deep.equal([1, 2]);
    expect((await outbox()).channels).to.deep.equal([]);
  });

  it('at addresses that nobody reads in files, logs, metrics or on the ledger', async () => {
    const webhook = `https://${hook.host}/hook/very-secret-place`;
    await putContacts({ mail: address, webhook });
    mail.refuse = 451;
    await file();
    const metrics = (await riverside.call('GET', '/metrics')).bytes.toString();
    const secretTexts = ['jane.roe', 'very-secret-place'];
    for (const text of secretTexts) {
      expect(metrics).to.not.include(text);
      expect(consortium.logs()).to.not.include(text);
      for (const name of readdirSync(consortium.directory, { recursive: true, withFileTypes: true })) {
        if (!name.isFile()) continue;
        const content = readFileSync(join(name.parentPath, name.name));
        expect(content.includes(text), name.name).to.equal(false);
      }
    }
    mail.refuse = undefined;
    await until(settled, 'sent in the end');
  });

  it('only on channels and hosts that the gateway is configured for, and subjects that are there', async () => {
    for (const wrong of [
      { webhook: 'https://127.0.0.1:1/' },
      { webhook: 'https://localhost/' },
      { webhook: 'https://127.0.0.1.evil.example/' },
    ]) {
      expectProblem(await putContacts(wrong), 422, 'contact-channel-unavailable', JSON.stringify(wrong));
    }
    for (const malformed of [
      { webhook: `http://${hook.host}/` },
      { webhook: `https://user:secret@${hook.host}/` },
      { mail: 'nobody' },
      { mail: 'a@b.example, c@d.example' },
      { mail: `${address}\r\nBcc: evil@example.org` },
      { phone: '1' },
    ]) {
      expectProblem(await putContacts(malformed), 400, 'body-malformed', JSON.stringify(malformed));
    }
    expectProblem(await putContacts({}, 'nobody'), 404, 'subject-unknown');
    const token = await riverside.token('doctor', ['practitioner']);
    const path = `/v1/subjects/${subject}`;
    expectProblem(await riverside.call('PUT', `${path}/contacts`, { token, body: {} }), 403, 'role-missing');
    expectProblem(await riverside.call('GET', `${path}/notifications`, { token }), 403, 'role-missing');
  });

  it('as a sponsor’s systems are of what they must act on in its studies, signed, until they take it', async () => {
    const novacure = consortium.member('novacure');
    const jwks = (await novacure.call('GET', '/.well-known/jwks.json')).json as unknown as JSONWebKeySet;
    const toldAt = async (path: string) => {
      const texts = systems.bodies.filter((body) => body.path === path).map(({ text }) => text);
      return Promise.all(
        texts.map(async (text) => {
          const verified = await jwtVerify(text, createLocalJWKSet(jwks), {
            typ: 'secevent+jwt',
            issuer: novacure.url,
            audience: `https://${systems.host}`,
            maxTokenAge: 300,
          });
          const [[name, event] = ['', {}]] = Object.entries(
            verified.payload['events'] as Record<string, object>,
          );
          return {
            id: verified.payload.jti,
            name: name.replace('urn:consent-ledger:event:study-', ''),
            event,
          };
        }),
      );
    };
    const study = await putStudy(novacure);
    systems.status = 503;
    const person = await withdrawnFrom(study, riverside, novacure);
    await until(async () => (await toldAt('/all')).length >= 3, 'three attempts');
    systems.status = 202;
    const soFar = systems.bodies.length;
    await until(() => systems.bodies.length > soFar, 'one that is taken');
    const told = await toldAt('/all');
    expect(new Set(told.map(({ id }) => id)).size, 'one event, however often it was sent').to.equal(1);
    expect(told[0]).to.deep.include({ name: 'withdrawn' });
    expect(told[0]?.event).to.deep.include({ study, site: riverside.reference, person });

    const approval = { reference: 'EC-17', start: '2026-01-01', end: inDays(-1).slice(0, 10) };
    await putStudy(novacure, studyBody({ approval }), 'one');
    await until(async () => (await toldAt('/one')).length > 0, 'an approval that has ended');
    expect(
      (await toldAt('/one')).map(({ name, event }) => [name, 'site' in event ? event.site : '']),
    ).to.deep.equal([['approval-expired', riverside.reference]]);
    await until(
      async () => (await toldAt('/all')).some(({ name }) => name === 'approval-expired'),
      'at both',
    );
    // Neither a restart nor a second look makes another event of one.
    const before = new Set((await toldAt('/all')).map(({ id }) => id)).size;
    await novacure.process.stop('SIGKILL');
    await novacure.start();
    const other = await withdrawnFrom(study, riverside, novacure);
    await until(
      async () => (await toldAt('/all')).some(({ event }) => 'person' in event && event.person === other),
      'the next withdrawal',
    );
    expect(new Set((await toldAt('/all')).map(({ id }) => id)).size).to.equal(before + 1);
  });
});
