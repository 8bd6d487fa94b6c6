import { Changes, openProjection } from '@consent-ledger/audit';
import { memberLayout } from '@consent-ledger/network';
import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { everyRow } from '../support/audit/following.js';
import { runCli, startCli } from '../support/cli.js';
import { eventually } from '../support/eventually.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  ask,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from './support/people.js';
import { PATIENCE_MS, sharedConsortium, sharedMembers } from './support/shared.js';

describe('an auditor follows the ledger from the own peer', function () {
  this.timeout(PATIENCE_MS);
  const work = temporaryFolder();

  it('live and made again from the genesis block, it is the same', async () => {
    const { directory } = await sharedConsortium();
    const { riverside, lakeside } = await sharedMembers();
    const { configuration } = memberLayout(directory, 'sentinel');
    const [live, again] = [join(work.path, 'live.db'), join(work.path, 'again.db')];
    const options = (projection: string) => ['--configuration', configuration, '--projection', projection];

    const following = startCli(['audit', 'follow', ...options(live)], work.path);
    const subject = await registerSubject(riverside);
    const { id } = await putRecord(riverside, { subject });
    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    expect((await ask(lakeside, riverside, [id])).status).to.equal(200);
    await withdraw(riverside, String(filed.json['consent']));
    expect((await ask(lakeside, riverside, [id])).status).to.equal(403);

    await eventually(async () => {
      const store = await openProjection(live);
      try {
        const outcomes = await store.db
          .selectFrom('access_record')
          .select('outcome')
          .where('record', '=', id)
          .orderBy('position')
          .execute();
        expect(outcomes.map(({ outcome }) => outcome)).to.deep.equal(['permit', 'deny']);
        const delivered = await store.db
          .selectFrom('delivery')
          .select('complete')
          .where('record', '=', id)
          .execute();
        expect(delivered).to.deep.equal([{ complete: 1 }]);
      } finally {
        await store.close();
      }
    });
    following.child.kill('SIGTERM');
    const followed = await following.result;
    expect(followed.code, followed.stderr).to.equal(0);

    // As many blocks as the live one has: others go on meanwhile.
    const store = await openProjection(live);
    const expected = await everyRow(store);
    const { height } = await store.checkpoint();
    await store.close();
    const rebuilt = await runCli(['audit', 'rebuild', ...options(again)], work.path);
    expect(rebuilt.code, rebuilt.stderr).to.equal(0);
    const other = await openProjection(again);
    const rows = await everyRow(other, height);
    await other.close();
    expect({ ...rows, checkpoint: [] }).to.deep.equal({ ...expected, checkpoint: [] });
  });

  it('answers on the command line, and logs who asked', async () => {
    const { directory } = await sharedConsortium();
    const { riverside, lakeside } = await sharedMembers();
    const { configuration } = memberLayout(directory, 'sentinel');
    const subject = await registerSubject(riverside);
    const { id } = await putRecord(riverside, { subject });
    await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    expect((await ask(lakeside, riverside, [id])).status).to.equal(200);
    const asked = async (...args: string[]) => {
      const run = await runCli(['audit', ...args, '--configuration', configuration], work.path);
      expect(run.code, run.stderr).to.equal(0);
      return run.stdout;
    };
    const page = JSON.parse(await asked('subject', subject, '--json')) as { rows: { what: string }[] };
    expect(page.rows.map(({ what }) => what)).to.include.members(['registered', 'consent-filed', 'access']);
    expect(await asked('accesses', '--record', id, '--no-follow')).to.match(/permitted-by-consent/);
    const file = join(work.path, 'report.pdf');
    await asked('disclosures', '--subject', subject, '--format', 'pdf', '--out', file, '--no-follow');
    expect((await readFile(file)).subarray(0, 8).toString()).to.equal('%PDF-1.7');
    expect(await asked('disclosures', '--subject', subject, '--format', 'csv', '--no-follow')).to.contain(id);
    expect(await asked('status')).to.match(/blocks of ledger/);
    const log = await asked('log', '--json');
    const entries = log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { question: string; via: string });
    // The auditor's service logs into the same file.
    const commands = entries.filter(({ via }) => via === 'command');
    expect(commands.map(({ question }) => question)).to.deep.equal([
      'subject',
      'accesses',
      'disclosures',
      'disclosures',
    ]);
    const wrong = await runCli(
      ['audit', 'accesses', '--since', 'yesterday', '--configuration', configuration],
      work.path,
    );
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.match(/^--since: must be a date/);
  });

  it('says in one line what is wrong with a projection of another ledger', async () => {
    const { directory } = await sharedConsortium();
    const { configuration } = memberLayout(directory, 'sentinel');
    const place = join(work.path, 'foreign.db');
    const store = await openProjection(place);
    await store.write(new Changes(), {
      from: 0,
      height: 1,
      hash: 'ab'.repeat(32),
      ledger: 'ab'.repeat(32),
      collections: [],
      passedOver: [],
    });
    await store.close();
    const stopped = await runCli(
      ['audit', 'follow', '--configuration', configuration, '--projection', place],
      work.path,
    );
    expect(stopped.code).to.equal(1);
    expect(stopped.stderr).to.match(/^STOPPED \(other-ledger\) at block 0: .*audit rebuild\.\n$/);
  });
});
