import { parseTopology, portPlan } from '@consent-ledger/network';
import { isRunning } from '@consent-ledger/scripts';
import { noteAttempt, twoHistoriesOf } from '@consent-ledger/scripts/internal/checkpoints/signed-so-far';
import { expect } from 'chai';
import { access, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { testConsortium, type TestConsortium } from '../support/consortium.js';
import { eventually } from '../support/eventually.js';
import { memberUser } from '../support/member-user.js';
import { temporaryFolder } from '../support/temporary.js';

const DEMO = fileURLToPath(new URL('../../../network/topologies/demo.yaml', import.meta.url));

interface DemoReport {
  readonly ok: boolean;
  readonly steps: readonly {
    readonly title: string;
    readonly came: string;
    readonly lines?: readonly string[];
  }[];
}

interface Status {
  readonly well: boolean;
  readonly processes: readonly { readonly name: string; readonly residentBytes: number }[];
  readonly members: readonly { readonly member: string; readonly ready: boolean; readonly height: number }[];
}

describe('the demo, as a newcomer runs it', function () {
  this.timeout(180_000);
  let consortium: TestConsortium;
  // Before the folder's own clean-up, which runs in the order of registration.
  after(async () => {
    await consortium.run('down');
  });
  const folder = temporaryFolder();

  before(async () => {
    consortium = await testConsortium(folder.path, 'a');
  });
  it('comes out as it must from an empty folder, and leaves nothing running', async () => {
    const { code, stdout, stderr } = await consortium.run(
      'start',
      '--once',
      '--port-base',
      String(consortium.portBase),
    );
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    expect(stdout).to.match(/All \d+ steps came out as they must\./);
    expect(await exists(join(consortium.dataDir, 'run', 'state.json'))).to.equal(false);
    const { code: status, stdout: said } = await consortium.run('status');
    expect(said).to.contain('is not running');
    expect(status).to.equal(3);
  });

  it('comes out as it must again on the same ledger, and shows the auditor every decision', async () => {
    await consortium.up();
    const { code, stdout, stderr } = await consortium.run('demo', '--json');
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    const { ok, steps } = JSON.parse(stdout) as DemoReport;
    expect(ok).to.equal(true);
    const statuses = steps.map(({ came }) => came.slice(0, 3)).join(' ');
    expect(statuses).to.equal('201 201 403 201 200 403 403 201 403 200 200 403 200');
    const audit = steps.at(-1)?.lines?.slice(1) ?? [];
    const reasons = audit.map((line) => /(permit|deny) +([a-z-]+)/.exec(line)?.slice(1, 3).join(' '));
    expect(reasons).to.deep.equal([
      'deny no-consent',
      'permit permitted-by-consent',
      'deny not-covered-by-consent',
      'deny no-consent',
      'deny not-covered-by-consent',
      'permit permitted-by-consent',
      'deny consent-withdrawn',
    ]);
    for (const line of audit) expect(line).to.match(/^ *\d+ +[0-9a-f]{12}… /);
  });

  it('plays a whole clinical trial, and sponsor, sites and auditor agree at its end', async () => {
    const { code, stdout, stderr } = await consortium.run('demo', 'trial', '--participants', '8', '--json');
    expect(code, `${stdout}\n${stderr}`).to.equal(0);
    const { ok, steps } = JSON.parse(stdout) as DemoReport;
    expect(ok).to.equal(true);
    expect(steps).to.have.length(10);
    const study = /demo-[0-9a-f]{8}/.exec(stdout)?.[0] ?? '';
    const counted = await consortium.run('trial', 'counts', study);
    expect(counted.stdout).to.match(/8 in all, as of block \d+/);
    const listed = await consortium.run('trial', 'list', study, '--status', 'withdrawn', '--json');
    expect(JSON.parse(listed.stdout)).to.be.an('array').and.not.have.length(0);
    const exported = await consortium.run('trial', 'export', study);
    expect(exported.stdout.split('\r\n')).to.have.length(10);
    const nothing = await consortium.run('trial', 'alerts', 'no-such-study');
    expect(nothing.stderr).to.contain('study-unknown');
    expect(nothing.code).to.equal(1);
  });

  it('has what takes two members registered from the command line: agreements, legal bases, orders about a patient', async () => {
    /** What is printed; the other member's gateway may hear of a step a moment later. */
    const run = (...args: string[]): Promise<string> =>
      eventually(
        async () => {
          const [verb = '', ...more] = args;
          const { code, stdout, stderr } = await consortium.run(verb, ...more);
          expect(code, stderr).to.equal(0);
          return stdout;
        },
        { withinMs: 60_000 },
      );
    const topology = parseTopology(await readFile(DEMO, 'utf8'), DEMO);
    const plan = portPlan(topology, consortium.portBase);
    const clerk = await memberUser(topology, plan, consortium.dataDir, 'riverside', 'records-clerk');
    const subject = String((await clerk.call('POST', '/v1/subjects', {})).json['subject']);
    const order = join(folder.path, 'order.txt');
    await writeFile(order, 'the order');
    const law = ['--cites', '45 CFR 164.512(e)(1)(i)', '--jurisdiction', 'US', '--end', '2099'];
    const terms = ['--for', 'lakeside', '--purpose', 'HLEGAL', ...law];
    const about = ['--subject', subject];

    await run('agreement', 'propose', 'lakeside', '--purpose', 'HRESCH');
    expect(await run('agreement', 'accept', 'riverside', '--member', 'lakeside')).to.match(
      / 1 +active +HRESCH /,
    );
    await run('legal-basis', 'propose', 'lb-1', ...terms);
    expect(await run('legal-basis', 'confirm', 'lb-1')).to.match(
      /^lb-1 +1 +active +Organization\/lakeside /m,
    );
    await run('legal-basis', 'propose', 'private.1', ...about, '--document', order, ...terms);
    expect(await run('legal-basis', 'confirm', 'private.1', ...about)).to.match(/^private\.1 +1 +active /m);
    expect(await run('legal-basis', 'end', 'private.1', ...about)).to.match(/^private\.1 +2 +ended /m);

    const without = await consortium.run('legal-basis', 'propose', 'private.2', ...about, ...terms);
    expect(without.stderr).to.match(/^--subject and --document go together/);
    expect(without.code).to.equal(2);
    const nothing = await consortium.run('legal-basis', 'confirm', 'private.2', ...about);
    expect([nothing.code, nothing.stderr]).to.deep.equal([1, 'Nothing is proposed as private.2.\n']);
  });

  it('is not changed by a second `up`', async () => {
    const before = await consortium.state();
    const { code, stderr } = await consortium.run('up');
    expect(stderr).to.contain(`It was up already, under process ${before.supervisor.pid}`);
    expect(code).to.equal(0);
    expect(await consortium.state()).to.deep.equal(before);
  });

  it('has a status that is not well while two histories are noted of a member, and says which file to remove', async () => {
    await noteAttempt(consortium.dataDir, 'riverside', 'ANOTHER HISTORY: LakesideMSP signed something else.');
    await noteAttempt(consortium.dataDir, 'riverside', undefined);
    const found = await twoHistoriesOf(consortium.dataDir, 'riverside');
    const { code, stdout } = await consortium.run('status');
    expect(stdout)
      .to.contain('ANOTHER HISTORY: LakesideMSP')
      .and.contain(`removes ${found?.file ?? '?'}`);
    expect(code).to.equal(1);
    await rm(found?.file ?? '');
  });

  it('has a status that a script can use', async () => {
    const { code, stdout } = await consortium.run('status', '--json');
    expect(code, stdout).to.equal(0);
    const { well, processes, members } = JSON.parse(stdout) as Status;
    expect(well).to.equal(true);
    expect(processes.map(({ name }) => name)).to.have.members([
      'issuer',
      'ledger',
      'chaincode',
      'gateway-riverside',
      'gateway-lakeside',
      'gateway-novacure',
      'gateway-sentinel',
    ]);
    expect(members).to.have.lengthOf(4);
    for (const { height } of members) expect(height).to.be.greaterThan(10);
    const together = processes.reduce((sum, { residentBytes }) => sum + residentBytes, 0);
    expect(together).to.be.lessThan(1_200 * 1_048_576);
  });

  it('gives tokens to the demo users, and says who there is', async () => {
    const good = await consortium.run('token', '--member', 'riverside', '--user', 'practitioner');
    expect(good.stdout).to.match(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const bad = await consortium.run('token', '--member', 'riverside', '--user', 'nobody');
    expect(bad.stderr).to.match(/has no user nobody: it has .*consent-clerk/);
    expect(bad.code).to.equal(2);
  });

  it('runs beside another consortium on the same machine', async () => {
    const other = await testConsortium(folder.path, 'b');
    try {
      await other.up();
      const [one, two] = await Promise.all([consortium.run('demo', '--json'), other.run('demo', '--json')]);
      expect(one.code, one.stderr).to.equal(0);
      expect(two.code, two.stderr).to.equal(0);
    } finally {
      await other.run('down');
    }
  });

  it('is stopped by `down`, all of it', async () => {
    const { processes, supervisor } = await consortium.state();
    const { code, stderr } = await consortium.run('down');
    expect(stderr).to.contain('Stopped.');
    expect(code).to.equal(0);
    for (const identity of [supervisor, ...processes.flatMap(({ identity: one }) => one ?? [])]) {
      expect(await isRunning(identity)).to.equal(false);
    }
    expect((await consortium.run('down')).stderr).to.contain('Nothing was running.');
  });
});

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
