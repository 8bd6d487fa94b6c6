import { configurationSchema } from '@consent-ledger/gateway/internal/config/schema';
import { gatewayConfiguration, parseTopology, portPlan, type Topology } from '@consent-ledger/network';
import { expect } from 'chai';
import { demoWith } from './consortium.js';

const S3 = [
  'records:',
  '  s3:',
  '    endpoint: https://objects.riverside.example',
  '    bucket: records',
  '    prefix: riverside/',
  '    credentialsFile: secrets/s3.json',
  '    caFile: objects-ca.pem',
  '    part: 16 MiB',
  '    deadline: 10s',
];

function withRecords(lines: readonly string[], member = 'Riverside Hospital'): string {
  const name = `    displayName: ${member}\n`;
  return demoWith([name, name + lines.map((line) => `    ${line}\n`).join('')]);
}

function parsed(text: string): Topology {
  return parseTopology(text, '/etc/consortium/topology.yaml');
}

function made(text: string): ReturnType<typeof configurationSchema.parse>['records'] {
  const topology = parsed(text);
  const plan = portPlan(topology, 7000);
  return configurationSchema.parse(gatewayConfiguration(topology, plan, '/data', 'riverside', '0'.repeat(64)))
    .records;
}

describe("where a custodian's records lie, in the topology", () => {
  it("becomes the gateway's configuration, with files beside the topology file and no secret in it", () => {
    expect(made(withRecords(S3))).to.deep.equal({
      kind: 's3',
      endpoint: 'https://objects.riverside.example',
      region: 'us-east-1',
      bucket: 'records',
      prefix: 'riverside/',
      pathStyle: true,
      credentialsFile: '/etc/consortium/secrets/s3.json',
      tlsCa: '/etc/consortium/objects-ca.pem',
      partBytes: 16 * 1024 ** 2,
      deadlineMs: 10_000,
    });
  });

  it('is in files where nothing is said', () => {
    expect(made(withRecords([]))).to.deep.equal({ kind: 'files' });
  });

  const mistakes: readonly (readonly [what: string, from: string, to: string, problem: RegExp])[] = [
    [
      'a secret in the file',
      'credentialsFile: secrets/s3.json',
      'secretAccessKey: x',
      /found an unknown key/,
    ],
    ['an address over plain HTTP', 'https://objects', 'http://objects', /s3.endpoint: found "http:/],
    ['an address with a path', '.example', '.example/records', /s3.endpoint: found .*; expected the https/],
    ['a bucket that is none', 'bucket: records', 'bucket: My Records', /s3.bucket: found "My Records"/],
    ['a prefix that ends in no slash', 'riverside/', 'riverside', /s3.prefix: found "riverside"/],
    [
      'parts that no server takes',
      '16 MiB',
      '1 MiB',
      /s3.part: found "1 MiB"; expected a size from 5120 KiB/,
    ],
  ];
  for (const [what, from, to, problem] of mistakes) {
    it(`is refused with ${what}, at its place`, () => {
      const lines = S3.map((line) => line.replace(from, to));
      expect(() => parsed(withRecords(lines))).to.throw(problem);
    });
  }

  it('is refused of who keeps no records', () => {
    expect(() => parsed(withRecords(S3, 'Novacure Trials'))).to.throw(
      /organisations\[2\].records: found .*; expected no store of records for a sponsor/,
    );
  });
});

describe("where a custodian's key is, in the topology", () => {
  const PKCS11 = [
    'keyStore:',
    '  pkcs11:',
    '    library: /usr/lib/hsm.so',
    '    token: riverside',
    '    pinFile: pin',
  ];

  it("becomes the gateway's configuration, with files beside the topology file and no PIN in it", () => {
    const topology = parsed(withRecords(PKCS11));
    const plan = portPlan(topology, 7000);
    const configuration = gatewayConfiguration(topology, plan, '/data', 'riverside', '0'.repeat(64));
    expect(configurationSchema.parse(configuration).keyStore).to.deep.equal({
      kind: 'pkcs11',
      library: '/usr/lib/hsm.so',
      token: 'riverside',
      key: 'consent-ledger',
      pinFile: '/etc/consortium/pin',
    });
  });

  it('is refused with a PIN in the file, and of who keeps no records', () => {
    const withPin = PKCS11.map((line) => line.replace('pinFile: pin', 'pin: 1234'));
    expect(() => parsed(withRecords(withPin))).to.throw(/keyStore.pkcs11.pin: found an unknown key/);
    expect(() => parsed(withRecords(PKCS11, 'Novacure Trials'))).to.throw(
      /expected no key store for a sponsor/,
    );
  });
});
