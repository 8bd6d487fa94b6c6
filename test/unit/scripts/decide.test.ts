import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCli, type CliResult } from '../../support/cli.js';
import { temporaryFolder } from '../../support/temporary.js';

const V3 = 'http://terminology.hl7.org/CodeSystem';
const QUESTION = {
  at: '2026-11-22T10:00:00Z',
  requester: { member: 'Organization/lakeside' },
  purpose: ['TREAT'],
  record: { reference: 'Observation/hb-1', labels: ['N'] },
};
const CONSENT = {
  resourceType: 'Consent',
  id: 'c1',
  status: 'active',
  scope: { coding: [{ system: `${V3}/consentscope`, code: 'patient-privacy' }] },
  category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
  patient: { reference: 'Patient/p1' },
  policyRule: { coding: [{ system: `${V3}/v3-ActCode`, code: 'OPTIN' }] },
  provision: { type: 'permit', purpose: [{ system: `${V3}/v3-ActReason`, code: 'TREAT' }] },
};

describe('consent-ledger decide', () => {
  const folder = temporaryFolder();

  /** Each value becomes a file of its name; a text is written as it is. */
  const decide = async (files: Record<string, unknown>, ...args: readonly string[]): Promise<CliResult> => {
    for (const [name, value] of Object.entries(files)) {
      await writeFile(join(folder.path, name), typeof value === 'string' ? value : JSON.stringify(value));
    }
    return runCli(['decide', ...args], folder.path);
  };

  it('permits with exit code 0 and says what that rests on', async () => {
    const { code, stdout } = await decide(
      { 'q.json': QUESTION, 'c.json': CONSENT },
      '--consent',
      'c.json',
      '--request',
      'q.json',
    );
    const answer = JSON.parse(stdout) as { outcome: string; basis: unknown };
    expect(answer).to.deep.include({ outcome: 'permit', reason: 'permitted-by-consent' });
    expect(answer.basis).to.deep.equal([
      { consent: 'c1', version: 1, outcome: 'permit', path: 'Consent.provision', evidence: 'witnessed' },
    ]);
    expect(code).to.equal(0);
  });

  it('denies with exit code 1 where none is on file', async () => {
    const { code, stdout } = await decide({ 'q.json': QUESTION }, '--request', 'q.json');
    expect(JSON.parse(stdout)).to.deep.include({ outcome: 'deny', reason: 'no-consent', basis: [] });
    expect(code).to.equal(1);
  });

  it('takes several consents, by one flag or by several', async () => {
    const files = { 'q.json': QUESTION, 'c.json': CONSENT, 'c2.json': { ...CONSENT, id: 'c2' } };
    const once = await decide(files, '--consent', 'c.json', 'c2.json', '--request', 'q.json');
    const twice = await decide(files, '--consent', 'c.json', '--consent', 'c2.json', '--request', 'q.json');
    expect(once.stdout).to.contain('"c2"');
    expect(twice.stdout).to.equal(once.stdout);
  });

  it('lets the context change the answer', async () => {
    const context = { signedOnlyPurposes: ['TREAT'], evidence: { c1: 'witnessed' } };
    const { code, stdout } = await decide(
      { 'q.json': QUESTION, 'c.json': CONSENT, 'x.json': context },
      ...['--consent', 'c.json', '--request', 'q.json', '--context', 'x.json'],
    );
    expect(JSON.parse(stdout)).to.deep.include({ outcome: 'deny', reason: 'evidence-insufficient' });
    expect(code).to.equal(1);
  });

  it('takes no evidence from what every object has', async () => {
    const { stdout } = await decide(
      { 'q.json': QUESTION, 'c.json': { ...CONSENT, id: 'constructor' } },
      ...['--consent', 'c.json', '--request', 'q.json'],
    );
    expect((JSON.parse(stdout) as { basis: unknown }).basis).to.deep.equal([
      {
        ...{ consent: 'constructor', version: 1, outcome: 'permit' },
        ...{ path: 'Consent.provision', evidence: 'witnessed' },
      },
    ]);
  });

  const bad: readonly [what: string, files: Record<string, unknown>, args: string[], says: RegExp][] = [
    ['a missing file', {}, ['--request', 'none.json'], /^none\.json cannot be read \(ENOENT\)/],
    ['no JSON', { 'q.json': '{' }, ['--request', 'q.json'], /^q\.json is not JSON/],
    [
      'a key that comes twice',
      {
        'q.json': JSON.stringify(QUESTION).replace(
          '"purpose"',
          '"\\u0061t":"2024-01-01T00:00:00Z","purpose"',
        ),
      },
      ['--request', 'q.json'],
      /^q\.json names "at" twice/,
    ],
    ['an unknown key', { 'q.json': { ...QUESTION, who: 'me' } }, ['--request', 'q.json'], /^q\.json: who /],
    [
      'an unknown purpose',
      { 'q.json': { ...QUESTION, purpose: ['FUN'] } },
      ['--request', 'q.json'],
      /purpose\[0\]/,
    ],
    [
      'a consent with an element that is not understood',
      {
        'q.json': QUESTION,
        'c.json': { ...CONSENT, modifierExtension: [{ url: 'urn:x', valueBoolean: true }] },
      },
      ['--consent', 'c.json', '--request', 'q.json'],
      /^c\.json: Consent\.modifierExtension/,
    ],
    [
      'two consents of one id',
      { 'q.json': QUESTION, 'c.json': CONSENT, 'c2.json': CONSENT },
      ['--consent', 'c.json', 'c2.json', '--request', 'q.json'],
      /consents\[1\]\.id/,
    ],
    [
      'an unknown context key',
      { 'q.json': QUESTION, 'x.json': { a: 1 } },
      ['--request', 'q.json', '--context', 'x.json'],
      /^x\.json: a /,
    ],
    ['no question', {}, [], /--request/],
  ];
  for (const [what, files, args, says] of bad) {
    it(`refuses ${what} with exit code 2 and says which`, async () => {
      const { code, stdout, stderr } = await decide(files, ...args);
      expect(stderr).to.match(says);
      expect(stdout).to.equal('');
      expect(code).to.equal(2);
    });
  }
});
