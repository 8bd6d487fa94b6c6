import { expect } from 'chai';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ledgerUnderTest } from '../../support/any-ledger.js';
import type { CliResult } from '../../support/cli.js';
import { testConsortium, type TestConsortium } from '../../support/consortium.js';
import { bystander, type Bystander } from '../../support/operations/bystander.js';
import { temporaryFolder } from '../../support/temporary.js';

const WESTSIDE = `
name: westside
mspId: WestsideMSP
kind: hospital
displayName: Westside Hospital
custody:
  emergencyRoles: [emergency-physician]
`;

interface Steps {
  readonly dryRun: boolean;
  readonly steps: readonly {
    readonly title: string;
    readonly state: 'to do' | 'was done' | 'begun' | 'done';
  }[];
}

interface Status {
  readonly well: boolean;
  readonly members: readonly { readonly member: string; readonly ready: boolean; readonly lag: number }[];
  readonly certificates: readonly { readonly certificates: readonly { readonly days: number }[] }[];
  readonly network?: { readonly ordering: { readonly leader?: string; readonly orderers: number } };
}

const ledger = ledgerUnderTest();

describe(`operating a consortium that runs, by the command line (${ledger})`, function () {
  this.timeout(600_000);
  let consortium: TestConsortium;
  let work: Bystander;
  // Before the folder's own clean-up, which runs in the order of registration.
  after(async () => {
    await consortium.run('down');
  });
  const folder = temporaryFolder();
  const file = (name: string): string => join(folder.path, name);

  before(async () => {
    consortium = await testConsortium(folder.path, 'a', ledger);
    await consortium.up();
    await writeFile(file('westside.yaml'), WESTSIDE);
  });
  beforeEach(async () => {
    work = await bystander(consortium, 'lakeside', consortium.portBase + 20);
  });
  afterEach(async () => {
    const { done, refused } = await work.stop();
    expect(refused).to.deep.equal([]);
    expect(done, 'transactions of a bystander').to.be.greaterThan(0);
  });

  const ok = async (...args: readonly string[]): Promise<CliResult> => {
    const [verb = '', ...more] = args;
    const result = await consortium.run(verb, ...more);
    expect(
      result.code,
      `${args.join(' ')}\n${result.stdout}\n${result.stderr}\n${await consortium.logs()}`,
    ).to.equal(0);
    return result;
  };
  const steps = async (...args: readonly string[]): Promise<Steps['steps']> =>
    (JSON.parse((await ok(...args, '--json')).stdout) as Steps).steps;
  const status = async (): Promise<Status> =>
    JSON.parse((await consortium.run('status', '--json')).stdout) as Status;
  const members = async (): Promise<string[]> => (await status()).members.map(({ member }) => member);

  it('lets a member in, killed in the middle and done again, after it has said what it would do', async () => {
    const plan = await steps('member', 'add', file('westside.yaml'), '--dry-run');
    expect(new Set(plan.map(({ state }) => state))).to.deep.equal(new Set(['to do']));
    expect(await members()).to.have.length(4);

    const first = consortium.start('member', 'add', file('westside.yaml'));
    let said = '';
    first.child.stdout?.on('data', (chunk: Buffer) => (said += chunk.toString()));
    while (!said.includes('write down that westside is a member') && first.child.exitCode === null)
      await sleep(10);
    first.child.kill('SIGKILL');
    await first.result;
    expect(said).not.to.include('have the supervisor run all of it');

    await ok('member', 'add', file('westside.yaml'));
    await consortium.well();
    expect(await members())
      .to.have.length(5)
      .and.include('Organization/westside');
    const again = await steps('member', 'add', file('westside.yaml'));
    expect(again.filter(({ state }) => state === 'done')).to.deep.equal([]);
  });

  it('takes a member out by signatures from folders that hold one key each, when there are enough', async () => {
    const update = file('removal.pb');
    const { stderr } = await ok('member', 'remove', 'westside', '--propose', update);
    expect(stderr).to.include(
      'removes WestsideMSP from Application: it may no longer transact, endorse or vote',
    );
    const signatures: string[] = [];
    for (const member of ['riverside', 'lakeside', 'sentinel']) {
      const own = await folderWithOneKey(consortium.dataDir, member, file(`${member}-admin`));
      const other = member === 'riverside' ? 'lakeside' : 'riverside';
      const to = file(`${member}.sig`);
      const foreign = await consortium.elsewhere(
        own,
        'update',
        'sign',
        update,
        '--member',
        other,
        '--to',
        to,
      );
      expect(foreign.code, foreign.stderr).to.equal(1);
      const signed = await consortium.elsewhere(
        own,
        'update',
        'sign',
        update,
        '--member',
        member,
        '--to',
        to,
      );
      expect(signed.code, signed.stderr).to.equal(0);
      expect(signed.stdout).to.include('removes WestsideMSP from Application');
      if (member === 'sentinel') {
        const early = await consortium.run('update', 'submit', update, '--signature', ...signatures);
        expect(early.code, early.stderr).to.equal(1);
        expect(early.stdout).to.match(/not enough for \/Channel\/Application\/Admins/);
      }
      signatures.push(to);
    }
    await ok('update', 'submit', update, '--signature', ...signatures);
    expect((await ok('update', 'show', update)).stdout).to.include('it is in force');
    const rest = await steps('member', 'remove', 'westside');
    expect(rest[0]?.state).to.equal('was done');
    await consortium.well();
    expect(await members())
      .to.have.length(4)
      .and.not.include('Organization/westside');
  });

  it('puts new chaincode in the place of the old', async () => {
    await ok('chaincode', 'upgrade', '--version', '0.9.0');
    await consortium.well();
    const again = await steps('chaincode', 'upgrade', '--version', '0.9.0');
    expect(again.filter(({ state }) => state === 'done')).to.deep.equal([]);
  });

  const parts =
    ledger === 'embedded'
      ? ['peer', 'gateway', 'keys', 'admin']
      : ['peer', 'orderer', 'gateway', 'keys', 'chaincode', 'admin'];
  for (const part of parts) {
    it(`gives a member's ${part} new keys`, async () => {
      const before = await fingerprints(consortium.dataDir);
      await ok('certificate', 'rotate', part, '--member', 'riverside', '--dry-run');
      expect(await fingerprints(consortium.dataDir)).to.deep.equal(before);
      await ok('certificate', 'rotate', part, '--member', 'riverside');
      expect(await fingerprints(consortium.dataDir)).not.to.deep.equal(before);
      await consortium.well();
    });
  }

  it('revokes a certificate that was replaced, and not one in use', async () => {
    const retired = join(consortium.dataDir, 'organizations', 'riverside', 'retired');
    const old = (await readdir(retired)).find((name) => name.startsWith('gateway-'));
    await ok('certificate', 'revoke', '--member', 'riverside', '--certificate', join(retired, old ?? ''));
    await consortium.well();
    const inUse = join(consortium.dataDir, 'organizations/riverside/users/gateway/msp/signcerts/cert.pem');
    const refused = await consortium.run(
      'certificate',
      'revoke',
      '--member',
      'riverside',
      '--certificate',
      inUse,
    );
    expect(refused.code).to.equal(2);
    expect(refused.stderr).to.include('give it a new one first (certificate rotate gateway)');
  });

  it('backs a member up and brings it back, and lets it catch up with what came after', async () => {
    await ok('backup', '--member', 'riverside', '--to', file('backup'));
    const files = await readdir(file('backup'), { recursive: true });
    expect(files.filter((name) => /\.key$|key\.pem$|private/.test(name))).to.deep.equal([]);
    await ok('demo');
    await ok('restore', '--member', 'riverside', '--from', file('backup'));
    await consortium.well();
    const taken = await consortium.run('backup', '--member', 'riverside', '--to', file('backup'));
    expect(taken.code).to.equal(2);

    const manifest = join(file('backup'), 'gateway', 'projection.db');
    await writeFile(manifest, Buffer.concat([await readFile(manifest), Buffer.from('x')]));
    const damaged = await consortium.run('restore', '--member', 'riverside', '--from', file('backup'));
    expect(damaged.stderr).to.match(/is damaged: gateway\/projection.db has another length/);
    expect(damaged.code).to.equal(2);
  });

  it('says how it does: lag, leader, days until certificates expire', async () => {
    const { well, members: all, certificates, network } = await status();
    expect(well).to.equal(true);
    expect(all.every(({ lag }) => lag >= 0 && lag < 20)).to.equal(true);
    expect(certificates.flatMap((each) => each.certificates).every(({ days }) => days > 700)).to.equal(true);
    if (ledger === 'embedded') expect(network).to.equal(undefined);
    else expect(network?.ordering.leader).to.be.a('string');
  });

  it('says what it cannot do, and changes nothing', async () => {
    const refusals: readonly (readonly [readonly string[], number, RegExp])[] = [
      [['member', 'remove', 'nobody'], 2, /There is no member nobody: there are riverside/],
      [['member', 'add', file('nothing.yaml')], 2, /cannot be read \(ENOENT\)/],
      [['certificate', 'rotate', 'peer', '--member', 'nobody'], 2, /There is no member nobody/],
      [['certificate', 'rotate', 'everything', '--member', 'riverside'], 2, /Allowed choices are/],
      [
        ['certificate', 'revoke', '--member', 'riverside'],
        2,
        /either --certificate <file> or --signing-keys/,
      ],
      [['restore', '--member', 'riverside', '--from', folder.path], 2, /is not a finished backup/],
      [['update', 'show', file('westside.yaml')], 1, /is not a configuration update/],
    ];
    for (const [args, code, message] of refusals) {
      const result = await consortium.run(args[0] ?? '', ...args.slice(1));
      expect(result.stderr, args.join(' ')).to.match(message);
      expect(result.code, args.join(' ')).to.equal(code);
      expect(
        result.stderr
          .trim()
          .split('\n')
          .filter((line) => /^ {2,}at /.test(line)),
      ).to.deep.equal([]);
    }
  });

  it('plays the demo after all of that as before', async () => {
    await ok('demo');
  });
});

/** What an admin has who holds nobody else's key: everything public, and their own organisation. */
async function folderWithOneKey(from: string, member: string, to: string): Promise<string> {
  await rm(to, { recursive: true, force: true });
  await mkdir(to, { recursive: true });
  await cp(from, to, {
    recursive: true,
    filter: (source) => {
      const place = source.slice(from.length + 1);
      if (/^(run|logs|fabric|ledger|members)\b/.test(place)) return false;
      const isSecret = /\.key$|\/keystore(\/|$)|\.private\.json$/.test(place);
      return !isSecret || place.startsWith(`organizations/${member}/`);
    },
  });
  return to;
}

/** All that is issued to riverside, as it lies there. */
async function fingerprints(dataDir: string): Promise<string[]> {
  const root = join(dataDir, 'organizations', 'riverside');
  const names = (await readdir(root, { recursive: true })).filter(
    (name) => /\.(pem|crt|json)$/.test(name) && !name.startsWith('retired'),
  );
  return Promise.all(names.sort().map((name) => readFile(join(root, name), 'utf8')));
}
