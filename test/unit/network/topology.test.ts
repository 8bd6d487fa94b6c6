import { topologySchema } from '@consent-ledger/network/internal/topology/schema';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  custodians,
  custodyOf,
  loadTopology,
  orderingOrganisations,
  oversight,
  parseTopology,
  TopologyError,
} from '@consent-ledger/network';
import { expect } from 'chai';
import { DEMO_FILE, DEMO_TEXT, demoWith } from './consortium.js';

/** Every problem as `line:column path`, with what was found and expected. */
function problemsOf(text: string): readonly (readonly [place: string, found: string, expected: string])[] {
  try {
    parseTopology(text, 'consortium.yaml');
  } catch (error) {
    if (!(error instanceof TopologyError)) throw error;
    return error.problems.map(({ line, column, path, found, expected }) => [
      `${line}:${column} ${path}`.trimEnd(),
      found,
      expected,
    ]);
  }
  return [];
}

/** Line (from 1) and column (from 1) of a text in the demo's file. */
function placeOf(text: string, part: string): string {
  const before = text.slice(0, text.indexOf(part)).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}

/** The demo with `ordering: raft` in one word. */
const ONE_WORD = DEMO_TEXT.replace(/^ordering:\n(?: {2}.*\n)+/m, 'ordering: raft\n');

/** Every key of a schema of mappings and lists, at any depth. */
function* keysOf(schema: unknown): Generator<string> {
  if (schema instanceof z.ZodObject) {
    for (const [key, inner] of Object.entries(schema.shape)) {
      yield key;
      yield* keysOf(inner);
    }
  } else if (schema instanceof z.ZodArray) yield* keysOf(schema.element);
  else if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodPrefault
  ) {
    yield* keysOf(schema.unwrap());
  }
}

const ACT_REASON = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';

/** The demo's file with one more line about Riverside's custody. */
function withCustody(line: string): string {
  return demoWith(['      impliedPolicy: deny\n', `      impliedPolicy: deny\n      ${line}\n`]);
}

describe('the consortium as one file', () => {
  it('reads the demo: two custodians, a sponsor, an auditor, and all defaults', async () => {
    const topology = await loadTopology(DEMO_FILE);
    expect(custodians(topology).map(({ mspId }) => mspId)).to.deep.equal(['RiversideMSP', 'LakesideMSP']);
    expect(oversight(topology).map(({ name }) => name)).to.deep.equal(['sentinel']);
    expect(topology.ordering).to.deep.equal({
      type: 'embedded',
      blockInterval: 100,
      maxMessageCount: 500,
      absoluteMaxBytes: 10 * 1024 * 1024,
      preferredMaxBytes: 2 * 1024 * 1024,
    });
    const [riverside, , novacure] = topology.organisations;
    expect(riverside && custodyOf(riverside)).to.deep.include({ impliedPolicy: 'deny', reviewHours: 72 });
    expect(novacure && custodyOf(novacure)).to.equal(undefined);
  });

  it('takes the kind of ordering in one word: then everything about it is as measured', () => {
    expect(ONE_WORD).to.match(/^ordering: raft$/m);
    expect(parseTopology(ONE_WORD, DEMO_FILE).ordering).to.deep.equal({
      type: 'raft',
      blockInterval: 100,
      maxMessageCount: 500,
      absoluteMaxBytes: 10 * 1024 * 1024,
      preferredMaxBytes: 2 * 1024 * 1024,
    });
  });

  it('orders with everybody by BFT, with the first three by Raft, with whom it lists by either', () => {
    const orderers = (ordering: string): string[] =>
      orderingOrganisations(parseTopology(demoWith(['type: embedded', ordering]), DEMO_FILE)).map(
        ({ name }) => name,
      );
    expect(orderers('type: bft')).to.deep.equal(['riverside', 'lakeside', 'novacure', 'sentinel']);
    expect(orderers('type: raft')).to.deep.equal(['riverside', 'lakeside', 'novacure']);
    expect(orderers('type: raft\n  orderers: [sentinel, riverside, lakeside]')).to.deep.equal([
      'riverside',
      'lakeside',
      'sentinel',
    ]);
    expect(orderers('type: embedded\n  orderers: [riverside]')).to.deep.equal(['sentinel']);
  });

  it('gives a hospital that says nothing about custody the policy that denies', () => {
    const topology = parseTopology(
      demoWith([
        '    custody:\n      # What holds for a patient who has said nothing.\n      impliedPolicy: deny\n      emergencyRoles: [emergency-physician]\n' +
          "      # The demo's issuer knows passwords only; a real one asks for more: mfa, hwk or sc unless it is stated.\n" +
          '      emergencyAccess: { methods: [pwd] }\n',
        '',
      ]),
      DEMO_FILE,
    );
    const [riverside] = topology.organisations;
    expect(riverside && custodyOf(riverside)).to.deep.include({ impliedPolicy: 'deny', emergencyRoles: [] });
  });

  const unknownKind = demoWith(['kind: sponsor', 'kind: pharmacy']);
  const mistakes: readonly (readonly [
    what: string,
    text: string,
    place: string,
    found: RegExp,
    expected: RegExp,
  ])[] = [
    ['an empty file', '', '1:1', /^an empty value$/, /a mapping of topology, channel/],
    ['a list', '- a\n- b\n', '1:1', /a list of 2/, /a mapping of/],
    ['a syntax error', 'topology: 1\nchannel: [a\n', '3:1', /not valid here/, /YAML 1\.2/],
    [
      'a key twice',
      `${DEMO_TEXT}\nchannel: other\n`,
      placeOf(`${DEMO_TEXT}\nchannel: other\n`, 'channel: other'),
      /unique/,
      /YAML/,
    ],
    [
      'an alias',
      demoWith(
        ['displayName: Novacure Trials', 'displayName: &n Novacure'],
        ['displayName: Sentinel Audit', 'displayName: *n'],
      ),
      placeOf(
        demoWith(
          ['displayName: Novacure Trials', 'displayName: &n Novacure'],
          ['displayName: Sentinel Audit', 'displayName: *n'],
        ),
        '*n',
      ),
      /alias/,
      /without aliases/,
    ],
    [
      'a kind that does not exist',
      unknownKind,
      `${placeOf(unknownKind, 'pharmacy')} organisations[2].kind`,
      /^"pharmacy"$/,
      /^one of hospital, sponsor, auditor, regulator$/,
    ],
    [
      'an unknown key',
      demoWith(['channel: consent', 'chanel: consent']),
      `${placeOf(DEMO_TEXT, 'channel: consent')} chanel`,
      /^an unknown key$/,
      /one of topology, channel/,
    ],
    [
      'a code system that is none',
      withCustody('purposeSystems: [our purposes]'),
      `${placeOf(withCustody('purposeSystems: [our purposes]'), 'our purposes')} organisations[0].custody.purposeSystems[0]`,
      /^"our purposes"$/,
      /^the URI of a code system/,
    ],
    [
      'a code system whose purposes are known anyway',
      withCustody(`purposeSystems: [${ACT_REASON}]`),
      `${placeOf(withCustody(`purposeSystems: [${ACT_REASON}]`), ACT_REASON)} organisations[0].custody.purposeSystems[0]`,
      /ActReason/,
      /^a code system other than v3 ActReason/,
    ],
    [
      'a purpose of a system that is not registered',
      withCustody("signedOnlyPurposes: [TREAT, 'urn:b|X']"),
      `${placeOf(withCustody("signedOnlyPurposes: [TREAT, 'urn:b|X']"), "'urn:b|X'")} organisations[0].custody.signedOnlyPurposes[1]`,
      /^"urn:b\|X"$/,
      /system\|code of one of purposeSystems$/,
    ],
    [
      'an unknown key deep inside',
      demoWith(['mspId: LakesideMSP', 'mspid: LakesideMSP']),
      `${placeOf(DEMO_TEXT, 'mspId: LakesideMSP')} organisations[1].mspid`,
      /^an unknown key$/,
      /one of name, mspId/,
    ],
    [
      'a version that YAML reads as a number',
      demoWith(["version: '0.1.0'", 'version: 1.0']),
      `${placeOf(DEMO_TEXT, "'0.1.0'")} chaincode.version`,
      /^the number 1$/,
      /in quotes/,
    ],
    [
      'a duration without a unit',
      demoWith(['blockInterval: 100ms', 'blockInterval: 100']),
      `${placeOf(DEMO_TEXT, '100ms')} ordering.blockInterval`,
      /^the number 100$/,
      /such as 100ms or 2s/,
    ],
    [
      'a duration out of range',
      demoWith(['blockInterval: 100ms', 'blockInterval: 1ms']),
      `${placeOf(DEMO_TEXT, '100ms')} ordering.blockInterval`,
      /^"1ms"$/,
      /from 10ms to 60000ms/,
    ],
    [
      'a size with a unit of ten',
      demoWith(['preferredMaxBytes: 2 MiB', 'preferredMaxBytes: 2 MB']),
      `${placeOf(DEMO_TEXT, '2 MiB')} ordering.preferredMaxBytes`,
      /^"2 MB"$/,
      /such as 512 KiB/,
    ],
    [
      'a preferred size above the largest',
      demoWith(['preferredMaxBytes: 2 MiB', 'preferredMaxBytes: 20 MiB']),
      `${placeOf(DEMO_TEXT, '2 MiB')} ordering.preferredMaxBytes`,
      /^"20 MiB"$/,
      /no more than absoluteMaxBytes/,
    ],
    [
      'a name with capitals',
      demoWith(['name: riverside', 'name: Riverside']),
      `${placeOf(DEMO_TEXT, 'riverside')} organisations[0].name`,
      /^"Riverside"$/,
      /lower-case/,
    ],
    [
      'a name that leaves its folder',
      demoWith(['name: riverside', 'name: ../riverside']),
      `${placeOf(DEMO_TEXT, 'riverside')} organisations[0].name`,
      /riverside/,
      /lower-case/,
    ],
    [
      'an MSP id with a hyphen, which collections could not tell apart',
      demoWith(['mspId: RiversideMSP', 'mspId: Riverside-MSP']),
      `${placeOf(DEMO_TEXT, 'RiversideMSP')} organisations[0].mspId`,
      /Riverside-MSP/,
      /letters and digits/,
    ],
    [
      'a channel that Fabric refuses',
      demoWith(['channel: consent', 'channel: Consent']),
      `${placeOf(DEMO_TEXT, 'consent\n\nchaincode')} channel`,
      /"Consent"/,
      /lower-case/,
    ],
    [
      'the same name twice',
      demoWith(['name: lakeside', 'name: riverside']),
      `${placeOf(DEMO_TEXT, 'lakeside')} organisations[1].name`,
      /^"riverside"$/,
      /other than that of organisations\[0\]/,
    ],
    [
      'MSP ids that differ only in case',
      demoWith(['mspId: LakesideMSP', 'mspId: riversidemsp']),
      `${placeOf(DEMO_TEXT, 'LakesideMSP')} organisations[1].mspId`,
      /riversidemsp/,
      /other than that of organisations\[0\]/,
    ],
    [
      'custody of an organisation that keeps no records',
      demoWith(['kind: sponsor', 'kind: sponsor\n    custody: {}']),
      `${placeOf(demoWith(['kind: sponsor', 'kind: sponsor\n    custody: {}']), '{}')} organisations[2].custody`,
      /a mapping/,
      /no custody settings for a sponsor/,
    ],
    [
      'BFT with three organisations',
      demoWith(
        ['type: embedded', 'type: bft'],
        [
          '  - name: novacure\n    mspId: NovacureMSP\n    kind: sponsor\n    displayName: Novacure Trials\n',
          '',
        ],
      ),
      `${placeOf(DEMO_TEXT, 'embedded\n  # A block')} ordering.type`,
      /^"bft"$/,
      /four organisations/,
    ],
    [
      'an orderer of nobody',
      demoWith(['type: embedded', 'type: raft\n  orderers: [riverside, westside]']),
      `${placeOf(demoWith(['type: embedded', 'type: raft\n  orderers: [riverside, westside]']), 'westside')} ordering.orderers[1]`,
      /^"westside"$/,
      /^one of riverside, lakeside, novacure, sentinel$/,
    ],
    [
      'an orderer listed twice',
      demoWith(['type: embedded', 'type: raft\n  orderers: [sentinel, sentinel]']),
      `${placeOf(demoWith(['type: embedded', 'type: raft\n  orderers: [sentinel, sentinel]']), 'sentinel]')} ordering.orderers[1]`,
      /^"sentinel"$/,
      /^each organisation once$/,
    ],
    [
      'BFT with three orderers',
      demoWith(['type: embedded', 'type: bft\n  orderers: [riverside, lakeside, sentinel]']),
      `${placeOf(demoWith(['type: embedded', 'type: bft\n  orderers: [riverside']), '[riverside')} ordering.orderers`,
      /list/,
      /four orderers/,
    ],
    [
      'a BFT leader that is given less time than SmartBFT looks at its clock',
      demoWith(['type: embedded', 'type: bft\n  leaderTimeout: 1s']),
      `${placeOf(demoWith(['type: embedded', 'type: bft\n  leaderTimeout: 1s']), '1s')} ordering.leaderTimeout`,
      /^"1s"$/,
      /^2s or more/,
    ],
    [
      'a kind of ordering that does not exist, in one word',
      ONE_WORD.replace('raft', 'paxos'),
      `${placeOf(ONE_WORD, 'raft')} ordering.type`,
      /^"paxos"$/,
      /^one of embedded, raft, bft$/,
    ],
    [
      'an issuer without its keys',
      demoWith(['kind: sponsor', 'kind: sponsor\n    tokens: {issuer: "https://id.example.org"}']),
      `${placeOf(demoWith(['kind: sponsor', 'kind: sponsor\n    tokens: {issuer']), '{issuer')} organisations[2].tokens`,
      /a mapping/,
      /a jwksUri beside issuer/,
    ],
    [
      'an issuer over plain HTTP',
      demoWith([
        'kind: sponsor',
        'kind: sponsor\n    tokens: {issuer: "http://id.example.org", jwksUri: "https://id.example.org/jwks"}',
      ]),
      `${placeOf(demoWith(['kind: sponsor', 'kind: sponsor\n    tokens: {issuer: "http://']), '"http://')} organisations[2].tokens.issuer`,
      /http:/,
      /https:\/\/ address/,
    ],
  ];
  for (const [what, text, place, found, expected] of mistakes) {
    it(`refuses ${what}, at its place`, () => {
      const problems = problemsOf(text);
      expect(problems.map(([where]) => where)).to.include(place);
      const problem = problems.find(([where]) => where === place);
      expect(problem?.[1]).to.match(found);
      expect(problem?.[2]).to.match(expected);
    });
  }

  it('refuses a consortium that nobody oversees, or without a custodian', () => {
    const [nobody] = problemsOf(demoWith(['kind: auditor', 'kind: sponsor']));
    expect(nobody?.[2]).to.equal('at least one oversight organisation (kind: auditor or regulator)');
    const none = problemsOf('topology: 1\nchaincode: {version: "1"}\norganisations: []\n');
    expect(none.map(([, , expected]) => expected)).to.deep.equal([
      'at least one custodian (kind: hospital)',
      'at least one oversight organisation (kind: auditor or regulator)',
    ]);
  });

  it('refuses a port that two listeners of one host want, but not on two hosts', () => {
    const ports = (host: string): string =>
      demoWith(
        ['kind: sponsor', 'kind: sponsor\n    ports: {gateway: 9443}'],
        ['kind: auditor', `kind: auditor\n    host: ${host}\n    ports: {peer: 9443}`],
      );
    const [first] = problemsOf(ports('127.0.0.1'));
    expect(first?.[0]).to.equal(
      `${placeOf(ports('127.0.0.1'), '9443}\n    displayName: Sentinel')} organisations[3].ports.peer`,
    );
    expect(first?.[2]).to.include('organisations[2].ports.gateway');
    expect(problemsOf(ports('audit.example.org'))).to.deep.equal([]);
  });

  it('reports every mistake at once, in the order of the file, each on a line that an editor can open', () => {
    const text = demoWith(
      ['channel: consent', 'channel: 7'],
      ['type: embedded', 'type: paxos'],
      ['kind: auditor', 'kind: judge'],
    );
    let message = '';
    try {
      parseTopology(text, 'consortium.yaml');
    } catch (error) {
      message = (error as Error).message;
    }
    const lines = message.split('\n');
    expect(lines.map((line) => / (\S+): found/.exec(line)?.[1])).to.deep.equal([
      'channel',
      'ordering.type',
      'organisations[3].kind',
    ]);
    for (const line of lines) expect(line).to.match(/^consortium\.yaml:\d+:\d+: .* found .*; expected .+/);
  });

  it('is documented, key by key', () => {
    const documentation = readFileSync(new URL('../../../../docs/topology.md', import.meta.url), 'utf8');
    const keys = [...keysOf(topologySchema)];
    expect(keys).to.include.members([
      'channel',
      'blockInterval',
      'mspId',
      'ordererAdmin',
      'caFile',
      'reviewHours',
    ]);
    for (const key of keys) expect(documentation).to.include(`\`${key}\``);
  });

  it('finds the CA of an issuer beside the file', () => {
    const topology = parseTopology(
      demoWith([
        'kind: sponsor',
        'kind: sponsor\n    tokens: {issuer: "https://id.example.org", jwksUri: "https://id.example.org/jwks", caFile: issuer.pem}',
      ]),
      '/etc/consortium/topology.yaml',
    );
    expect(topology.organisations[2]?.tokens.caFile).to.equal('/etc/consortium/issuer.pem');
  });
});
