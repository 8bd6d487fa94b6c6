import { configurationSchema } from '@consent-ledger/gateway/internal/config/schema';
import { gatewayConfiguration, parseTopology, portPlan, type Topology } from '@consent-ledger/network';
import { expect } from 'chai';
import { demoWith } from './consortium.js';

/** The demo's file with these lines about Riverside. */
function withPeople(...lines: string[]): string {
  const more = lines.map((line) => `    ${line}\n`).join('');
  return demoWith(['    displayName: Riverside Hospital\n', `    displayName: Riverside Hospital\n${more}`]);
}

const PEOPLE = [
  'passkeys:',
  '  - id: riverside.example',
  '    origins: [https://portal.riverside.example, https://riverside.example]',
  'notifications:',
  '  portal: https://portal.riverside.example',
  '  smtp:',
  '    host: mail.riverside.example',
  '    user: consent-ledger',
  '    passwordFile: secrets/smtp-password',
  '    caFile: mail-ca.pem',
  '    from: no-reply@riverside.example',
  '  webhooks:',
  '    hosts: [hooks.riverside.example, "hooks.riverside.example:8443"]',
  '  retry: 10s',
  '  giveUp: 48h',
];

function parsed(text: string): Topology {
  return parseTopology(text, '/etc/consortium/topology.yaml');
}

describe("how a custodian's patients sign and are told, in the topology", () => {
  it("becomes the gateway's configuration, with files beside the topology file and no secret in it", () => {
    const topology = parsed(withPeople(...PEOPLE));
    const made = gatewayConfiguration(
      topology,
      portPlan(topology, 7000),
      '/data',
      'riverside',
      '0'.repeat(64),
    );
    const { passkeys, notifications } = configurationSchema.parse(made);
    expect(passkeys).to.deep.equal([
      { id: 'riverside.example', origins: ['https://portal.riverside.example', 'https://riverside.example'] },
    ]);
    expect(notifications).to.deep.equal({
      portal: 'https://portal.riverside.example',
      smtp: {
        host: 'mail.riverside.example',
        port: 587,
        tls: 'starttls',
        tlsCa: '/etc/consortium/mail-ca.pem',
        user: 'consent-ledger',
        passwordFile: '/etc/consortium/secrets/smtp-password',
        from: 'no-reply@riverside.example',
      },
      webhooks: { hosts: ['hooks.riverside.example', 'hooks.riverside.example:8443'] },
      retryMs: 10_000,
      giveUpMs: 48 * 3_600_000,
    });
  });

  it('is left out where nothing is said', () => {
    const topology = parsed(withPeople());
    const made = gatewayConfiguration(
      topology,
      portPlan(topology, 7000),
      '/data',
      'riverside',
      '0'.repeat(64),
    );
    expect(made).to.not.have.any.keys('passkeys', 'notifications');
  });

  const mistakes: readonly (readonly [what: string, lines: readonly string[], problem: RegExp])[] = [
    [
      'a password in the file',
      change('passwordFile: secrets/smtp-password', 'password: hunter2'),
      /organisations\[0\].notifications.smtp.password: found an unknown key; expected one of host, .*passwordFile/,
    ],
    [
      'an account without a password',
      change('    passwordFile: secrets/smtp-password', ''),
      /smtp.user: found "consent-ledger"; expected a passwordFile beside user$/,
    ],
    [
      'a password without an account',
      change('    user: consent-ledger', ''),
      /smtp.passwordFile: found .*; expected a user beside passwordFile$/,
    ],
    [
      'mail in clear over a network',
      change('    user: consent-ledger', '    tls: none'),
      /smtp.tls: found "none"; expected implicit or starttls/,
    ],
    [
      'a sender that is no address',
      change('no-reply@riverside.example', 'nobody'),
      /smtp.from: found "nobody"/,
    ],
    [
      'a portal over plain HTTP',
      change('portal: https:', 'portal: http:'),
      /notifications.portal: found "http:/,
    ],
    ['webhooks anywhere', change('"hooks.riverside.example:8443"', '"*"'), /webhooks.hosts\[1\]: found "\*"/],
    ['a delay without a unit', change('retry: 10s', 'retry: 10'), /notifications.retry: found the number 10/],
    [
      'a page of another domain',
      change('https://riverside.example]', 'https://elsewhere.example]'),
      /organisations\[0\].passkeys\[0\].origins\[1\]: found "https:\/\/elsewhere.example"; expected the https origin/,
    ],
    [
      'a relying party that is no domain',
      change('id: riverside.example', 'id: https://riverside.example'),
      /passkeys\[0\].id: found "https:.*; expected the domain/,
    ],
    ['an unknown key', change('  retry: 10s', '  retries: 3'), /notifications.retries: found an unknown key/],
  ];

  for (const [what, lines, problem] of mistakes) {
    it(`is refused with ${what}, at its place`, () => {
      const refusal = refusalOf(withPeople(...lines));
      expect(refusal).to.match(
        /^\/etc\/consortium\/topology\.yaml:\d+:\d+: organisations\[0\]\.(?:passkeys|notifications)/,
      );
      expect(refusal).to.match(problem);
    });
  }

  it('is refused of who keeps no records', () => {
    const text = demoWith([
      '    displayName: Novacure Trials\n',
      '    displayName: Novacure Trials\n    notifications: {portal: https://portal.example}\n',
    ]);
    expect(refusalOf(text)).to.match(
      /organisations\[2\].notifications: found .*; expected no notifications for a sponsor/,
    );
  });
});

function change(from: string, to: string): string[] {
  return PEOPLE.map((line) => line.replace(from, to)).filter((line) => line.trim() !== '');
}

function refusalOf(text: string): string {
  try {
    parsed(text);
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('it was not refused');
}
