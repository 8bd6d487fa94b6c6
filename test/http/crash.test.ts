import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { memberLayout } from '@consent-ledger/network';
import { privateHistory } from '../support/history.js';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { startConsortium, type Answer, type TestConsortium, type TestMember } from './support/consortium.js';
import { ask, events, fileConsent, putRecord, registerSubject, treatmentConsent } from './support/people.js';
import { expectProblem } from './support/problems.js';
import { startProcess, type RunningProcess } from './support/processes.js';
import { PATIENCE_MS } from './support/shared.js';

describe('a gateway that dies, stops, or loses its ledger', function () {
  this.timeout(2 * PATIENCE_MS);
  let consortium: TestConsortium;
  let riverside: TestMember;
  let lakeside: TestMember;
  let sentinel: TestMember;
  let subject: string;
  let record: string;

  before(async () => {
    consortium = await startConsortium();
    riverside = consortium.member('riverside');
    lakeside = consortium.member('lakeside');
    sentinel = consortium.member('sentinel');
    subject = await registerSubject(riverside);
    record = (await putRecord(riverside, { subject, content: Buffer.alloc(20_000, 'x') })).id;
    await fileConsent(riverside, treatmentConsent({ subject }));
  });

  after(() => consortium.stop());

  const until = async (holds: () => Promise<boolean>, what: string): Promise<void> => {
    const deadline = Date.now() + 60_000;
    while (!(await holds())) {
      if (Date.now() > deadline) throw new Error(`it did not come about: ${what}`);
      await sleep(100);
    }
  };

  const openTransactions = (): number => {
    const database = new DatabaseSync(join(riverside.configuration.dataDirectory, 'outbox.db'), {
      readOnly: true,
    });
    const { open } = database.prepare('SELECT count(*) AS open FROM open_transaction').get() as {
      open: number;
    };
    database.close();
    return open;
  };

  const keptFiles = (): string[] =>
    readdirSync(join(riverside.configuration.dataDirectory, 'records'), {
      recursive: true,
      withFileTypes: true,
    })
      .filter((entry) => entry.isFile())
      .map(({ name }) => name);

  it('keeps what it acknowledged and nothing that it did not register, killed three times under load', async () => {
    const acknowledged: string[] = [];
    const released: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      let running = true;
      const load = Array.from({ length: 6 }, async (_, lane) => {
        while (running) {
          const work =
            lane % 2 === 0 ? putRecord(riverside, { subject }) : ask(lakeside, riverside, [record]);
          const answer: (Answer & { readonly id?: string }) | undefined = await work.catch(() => undefined);
          if (answer?.status === 201 && answer.id !== undefined) acknowledged.push(answer.id);
          if (answer?.status === 200) released.push(String(answer.headers['consent-ledger-event']));
          if (answer === undefined) await sleep(20);
        }
      });
      // Only what was acknowledged can be lost: on a busy machine the first takes a while.
      const [written, read] = [acknowledged.length, released.length];
      const hasBegun = (): boolean => acknowledged.length > written && released.length > read;
      await until(() => Promise.resolve(hasBegun()), 'a write and a release');
      await sleep(100 + 300 * round);
      await riverside.process.stop('SIGKILL');
      running = false;
      await Promise.all(load);
      await riverside.start();
    }
    expect(acknowledged.length).to.be.greaterThan(0);
    expect(released.length).to.be.greaterThan(0);

    const token = await riverside.token('doctor', ['practitioner']);
    for (const id of acknowledged) {
      const answer = await riverside.call('GET', `/v1/records/${id}?purpose=TREAT`, { token });
      expect(answer.status, `record ${id}: ${answer.bytes.toString()}`).to.equal(200);
    }
    const own = await allEvents(riverside);
    const logged = new Set(own.map(({ event }) => event));
    for (const event of released) expect(logged.has(event), event).to.equal(true);
    await until(
      async () => (await allEvents(sentinel)).length === own.length,
      'oversight has as many events',
    );
    expect(await allEvents(sentinel)).to.deep.equal(own);
  });

  it('settles what was open, and leaves no ciphertext without a registration', async () => {
    await riverside.process.stop('SIGTERM');
    expect(openTransactions()).to.equal(0);
    await riverside.start();
    const vault = new DatabaseSync(join(riverside.configuration.dataDirectory, 'keys/vault.db'), {
      readOnly: true,
    });
    const rows = vault.prepare('SELECT ciphertext, confirmed FROM record_key').all() as {
      ciphertext: string;
      confirmed: number;
    }[];
    vault.close();
    expect(rows.filter(({ confirmed }) => confirmed === 0)).to.deep.equal([]);
    const names = rows.map(({ ciphertext }) => Buffer.from(ciphertext, 'base64url').toString('hex'));
    expect(keptFiles().sort()).to.deep.equal(names.sort());
  });

  it('makes its projection again from nothing, the very same', async () => {
    const before = await allEvents(riverside);
    await riverside.process.stop('SIGTERM');
    const file = join(riverside.configuration.dataDirectory, 'projection.db');
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    await riverside.start();
    await until(async () => (await allEvents(riverside)).length === before.length, 'all events again');
    expect(await allEvents(riverside)).to.deep.equal(before);
    expect((await ask(lakeside, riverside, [record])).status).to.equal(200);
  });

  it('ends what is under way when it is told to stop, and then ends with 0', async () => {
    const asked = Array.from({ length: 5 }, () => ask(lakeside, riverside, [record]));
    await sleep(60);
    const ended = riverside.process.stop('SIGTERM');
    const answers = await Promise.all(asked);
    expect(await ended).to.equal(0);
    // Each was answered in full, or was told that it came too late; none was torn off.
    for (const answer of answers) {
      if (answer.status !== 200)
        expect(answer.json['code']).to.be.oneOf(['custodian-unavailable', 'gateway-stopping']);
      else expect(answer.bytes.length).to.equal(20_000);
    }
    await riverside.start();
  });

  it('releases nothing while the ledger is away, says so, and goes on when it is back', async () => {
    await consortium.ledger.kill();
    const asked = await ask(lakeside, riverside, [record]);
    // The custodian's ledger is the asker's, too: whoever notices first says so.
    expect(asked.json['code']).to.be.oneOf(['custodian-unavailable', 'ledger-unavailable']);
    const token = await riverside.token('doctor', ['practitioner']);
    const own = await riverside.call('GET', `/v1/records/${record}?purpose=TREAT`, { token });
    expectProblem(own, 503, 'ledger-unavailable');
    expect(own.headers['retry-after']).to.match(/^[1-9][0-9]*$/);
    expect((await riverside.call('GET', '/healthz')).status).to.equal(200);
    expect((await riverside.call('GET', '/readyz')).status).to.equal(503);
    // When it is known to be away, an asker's own gateway says so before it troubles the custodian.
    const isKnown = async (): Promise<boolean> => (await ask(lakeside, riverside, [record])).status === 503;
    await until(isKnown, 'refused at once');
    await consortium.ledger.start();
    await until(async () => (await riverside.call('GET', '/readyz')).status === 200, 'ready again');
    await until(async () => (await ask(lakeside, riverside, [record])).status === 200, 'releases again');
  });

  const gatewayOn = (file: string, ...options: string[]): Promise<RunningProcess> =>
    startProcess({
      module: '@consent-ledger/gateway/main',
      args: [file, ...options],
      ready: options.length === 0 ? /"event":"ready"/ : /"event":"standby"/,
    });

  it('refuses data that another process works on, and names that process', async () => {
    const file = memberLayout(consortium.directory, 'riverside').configuration;
    const failure = await gatewayOn(file).then(
      async (started) => {
        await started.stop();
        return 'it started';
      },
      (error: unknown) => String(error),
    );
    expect(failure)
      .to.include('(1)')
      .and.include('another gateway process works on')
      .and.include(`process ${riverside.process.child.pid ?? 0} on`)
      .and.include('--standby');
    expect((await ask(lakeside, riverside, [record])).status, 'the first goes on').to.equal(200);
  });

  it('is followed by its standby when it is killed under load: nothing is lost, and nothing is done twice', async () => {
    const file = memberLayout(consortium.directory, 'riverside').configuration;
    const standby = await gatewayOn(file, '--standby');
    const second = await gatewayOn(file, '--standby');
    expect(await second.stop('SIGTERM'), 'one that waits ends at once').to.equal(0);

    const token = await riverside.token('clerk', ['records-clerk']);
    const register = (key: string): Promise<Answer | undefined> =>
      riverside
        .call('POST', '/v1/subjects', { token, headers: { 'idempotency-key': key }, body: {} })
        .catch(() => undefined);
    const before = await allSubjects(sentinel);
    const made = new Map<string, unknown>();
    const keys: string[] = [];
    let running = true;
    const load = Array.from({ length: 4 }, async () => {
      while (running) {
        const key = randomUUID();
        keys.push(key);
        const answer = await register(key);
        if (answer?.status === 201) made.set(key, answer.json['subject']);
      }
    });
    await until(() => Promise.resolve(made.size > 5), 'some are registered');
    await riverside.process.stop('SIGKILL');
    running = false;
    await Promise.all(load);

    await until(
      () => Promise.resolve(standby.lines.some((line) => line.includes('"ready"'))),
      'it took over',
    );
    riverside.process = standby;
    // Whoever got no answer asks again under the same key, whoever got one is answered as before.
    for (const key of keys) {
      await until(async () => {
        const again = await register(key);
        if (again?.status !== 201) return false;
        expect(again.json['subject']).to.equal(made.get(key) ?? again.json['subject']);
        made.set(key, again.json['subject']);
        return true;
      }, `the answer under ${key}`);
    }
    expect(new Set(made.values()).size).to.equal(keys.length);
    await until(
      async () => (await allSubjects(sentinel)).length >= before.length + keys.length,
      'all are at oversight',
    );
    const now = await allSubjects(sentinel);
    expect(now).to.have.length(before.length + keys.length);
    expect(now).to.include.members([...made.values()] as string[]);
    await until(async () => (await ask(lakeside, riverside, [record])).status === 200, 'releases again');
  });

  it('refuses to run on another ledger, or where others read than was agreed', async () => {
    const attempts = [{ id: 'f'.repeat(64) }, { collectionsDigest: '0'.repeat(64) }];
    for (const [index, changed] of attempts.entries()) {
      const { configuration } = riverside;
      const file = join(consortium.directory, `wrong-${index}.json`);
      const dataDirectory = join(consortium.directory, `wrong-${index}`);
      const listen = { ...configuration.listen, port: 0 };
      const ledger = { ...configuration.ledger, ...changed };
      writeFileSync(file, JSON.stringify({ ...configuration, listen, ledger, dataDirectory }));
      const failure = await startProcess({
        module: '@consent-ledger/gateway/main',
        args: [file],
        ready: /"event":"ready"/,
      }).then(
        async (started) => {
          await started.stop();
          return undefined;
        },
        (error: unknown) => String(error),
      );
      expect(failure)
        .to.include('(2)')
        .and.to.match(/ledger|collections/);
    }
  });

  it('says in one line what is wrong with its configuration, and no value of it', async () => {
    const file = join(consortium.directory, 'broken.json');
    writeFileSync(file, JSON.stringify({ ...riverside.configuration, version: 2, secret: 'hunter2' }));
    for (const path of [file, join(consortium.directory, 'absent.json')]) {
      const failure = await startProcess({
        module: '@consent-ledger/gateway/main',
        args: [path],
        ready: /"event":"ready"/,
      }).then(
        () => 'it started',
        (error: unknown) => String(error),
      );
      expect(failure).to.include('(2)').and.include('configuration').and.not.include('hunter2');
    }
    expect(existsSync(file)).to.equal(true);
    expect(readFileSync(file, 'utf8')).to.include('hunter2');
  });

  async function allSubjects(member: TestMember): Promise<string[]> {
    const history = await privateHistory(member);
    return history
      .filter(({ key }) => key.startsWith('subject/'))
      .map(({ value }) => String(value['subject']));
  }

  async function allEvents(member: TestMember): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    for (let after: string | undefined; ;) {
      const page = await events(member, { limit: '200', ...(after === undefined ? {} : { after }) });
      found.push(...page);
      if (page.length < 200) return found;
      after = await nextOf(member, after);
    }
  }

  async function nextOf(member: TestMember, after: string | undefined): Promise<string | undefined> {
    const token = await member.token('auditor', ['auditor']);
    const query = new URLSearchParams({ limit: '200', ...(after === undefined ? {} : { after }) });
    return (await member.call('GET', `/v1/access-events?${query.toString()}`, { token })).json['next'] as
      string | undefined;
  }
});
