import { configurationSchema } from '@consent-ledger/gateway/internal/config/schema';
import { gatewayConfiguration, parseTopology, portPlan, type Topology } from '@consent-ledger/network';
import { expect } from 'chai';
import { demoWith } from './consortium.js';

const ALERTS = [
  'studyAlerts:',
  '  webhooks:',
  '    - url: https://ctms.novacure.example/consents',
  '      studies: [nova-101]',
  '    - url: https://archive.novacure.example/',
  '  caFile: hooks-ca.pem',
  '  retry: 10s',
];

/** The demo's file with these lines about the organisation of that name. */
function withAlerts(lines: readonly string[], displayName = 'Novacure Trials'): string {
  const more = lines.map((line) => `    ${line}\n`).join('');
  return demoWith([`    displayName: ${displayName}\n`, `    displayName: ${displayName}\n${more}`]);
}

function parsed(text: string): Topology {
  return parseTopology(text, '/etc/consortium/topology.yaml');
}

describe("where a sponsor's systems are told, in the topology", () => {
  it("becomes its gateway's configuration, and no other's", () => {
    const topology = parsed(withAlerts(ALERTS));
    const configurationOf = (name: string) =>
      configurationSchema.parse(
        gatewayConfiguration(topology, portPlan(topology, 7000), '/data', name, '0'.repeat(64)),
      );
    expect(configurationOf('novacure').studyAlerts).to.deep.equal({
      webhooks: [
        { url: 'https://ctms.novacure.example/consents', studies: ['nova-101'] },
        { url: 'https://archive.novacure.example/' },
      ],
      tlsCa: '/etc/consortium/hooks-ca.pem',
      retryMs: 10_000,
      giveUpMs: 3 * 86_400_000,
    });
    expect(configurationOf('riverside').studyAlerts).to.equal(undefined);
  });

  it('is refused of who sponsors no studies, over plain HTTP, and twice', () => {
    expect(() => parsed(withAlerts(ALERTS, 'Riverside Hospital'))).to.throw(
      /organisations\[0\].studyAlerts: found .*; expected no study alerts for a hospital/,
    );
    const plain = ALERTS.map((line) => line.replace('https://archive', 'http://archive'));
    expect(() => parsed(withAlerts(plain))).to.throw(/studyAlerts.webhooks\[1\].url: found "http:/);
    const twice = ALERTS.map((line) =>
      line.replace('archive.novacure.example/', 'ctms.novacure.example/consents'),
    );
    expect(() => parsed(withAlerts(twice))).to.throw(
      /studyAlerts.webhooks: found .*; expected addresses that differ/,
    );
  });
});
