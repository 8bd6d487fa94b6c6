import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCli, type CliResult } from '../../support/cli.js';
import { temporaryFolder } from '../../support/temporary.js';
import { coding, concept, provision } from '../domain/build.js';

const CONSENT = {
  resourceType: 'Consent',
  id: 'c1',
  status: 'active',
  scope: concept('consentscope', 'patient-privacy'),
  category: [{ coding: [coding('v3-ActCode', 'IDSCL')] }],
  patient: { reference: 'Patient/p1' },
  provision: provision({
    type: 'permit',
    purpose: ['TREAT'],
    label: ['N'],
    actor: ['Organization/lakeside'],
    provision: [{ type: 'deny', actor: ['Practitioner/1'] }],
  }),
};
const QUESTION = {
  at: '2026-11-22T10:00:00Z',
  custodian: 'Organization/riverside',
  requester: { member: 'Organization/lakeside', references: ['Practitioner/1'] },
  purpose: ['TREAT'],
  record: { reference: 'Observation/1', labels: ['N'] },
};

describe('consent-ledger explain', () => {
  const folder = temporaryFolder();

  const explain = async (question: object, ...more: readonly string[]): Promise<CliResult> => {
    await writeFile(join(folder.path, 'c.json'), JSON.stringify(CONSENT));
    await writeFile(join(folder.path, 'q.json'), JSON.stringify(question));
    return runCli(['explain', '--consent', 'c.json', '--request', 'q.json', ...more], folder.path);
  };

  it('says of a denial which rule and provision it is, and everything that by itself would open it', async () => {
    const { code, stdout } = await explain(QUESTION);
    expect(code).to.equal(1);
    expect(stdout).to.contain('Denied: denied-by-consent (rule 5 of docs/consent.md).');
    expect(stdout).to.contain('45 CFR 171.202(e)');
    expect(stdout).to.contain(
      'Consent.provision (permit) matches: purposes yes, recipients yes, labels yes\n',
    );
    expect(stdout).to.contain('Consent.provision.provision[0] (deny) matches: recipients yes  ← speaks');
    const ways = stdout.split('\n').filter((line) => line.startsWith('  - '));
    expect(ways).to.deep.equal([
      '  - consent c1 had no Consent.provision.provision[0]',
      '  - the requester were not attested as Practitioner/1',
    ]);
  });

  it('says of a permit what would close it', async () => {
    const { code, stdout } = await explain({
      ...QUESTION,
      requester: { member: 'Organization/lakeside', references: [] },
    });
    expect(code).to.equal(0);
    expect(stdout).to.contain('Permitted: permitted-by-consent (rule 6 of docs/consent.md).');
    expect(stdout).to.contain('  - consent c1 were withdrawn\n');
    expect(stdout).to.contain('  - the requester were attested as Practitioner/1\n');
  });

  it('finds what only several changes together bring about', async () => {
    const context = { emergencyRoles: ['emergency-physician'] };
    await writeFile(join(folder.path, 'x.json'), JSON.stringify(context));
    const asked = { ...QUESTION, purpose: ['BTG'], subjects: ['Patient/p1'] };
    const { stdout } = await explain(asked, '--context', 'x.json', '--json');
    const { answer, otherwise } = JSON.parse(stdout) as {
      answer: { reason: string };
      otherwise: { changes: { says: string }[][]; upTo: number };
    };
    expect(answer.reason).to.equal('break-glass-incomplete');
    expect(otherwise.upTo).to.equal(2);
    expect(otherwise.changes.map((set) => set.map(({ says }) => says))).to.deep.include([
      'the requester had the role emergency-physician',
      'it stated an emergency',
    ]);
  });

  it('refuses what decide refuses, in the same words', async () => {
    const bad = { ...QUESTION, purpose: ['FUN'] };
    const explained = await explain(bad);
    const decided = await runCli(['decide', '--consent', 'c.json', '--request', 'q.json'], folder.path);
    expect(explained.code).to.equal(2);
    expect(explained.stderr).to.equal(decided.stderr);
    expect(explained.stdout).to.equal('');
  });
});
