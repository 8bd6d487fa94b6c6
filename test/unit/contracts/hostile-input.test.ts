import { expect } from 'chai';
import { newAppKey, newPasskey } from '../../support/signers.js';
import { registerKeyCommand, say, signedBy } from './support/evidence.js';
import {
  EVIDENCE,
  OTHER_SUBJECT,
  SUBJECT,
  consentOf,
  recordOf,
  registerPatient,
} from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import { PRIVATE_BASIS, subjectBasisOf } from './support/registering.js';
import {
  LAKESIDE,
  LEDGER_ID,
  NOVACURE,
  PEPPER,
  POLICY,
  RIVERSIDE,
  World,
  bytes,
  makeCertificates,
  refusalOf,
  type Who,
} from './support/world.js';

const SECRET = 'Jane-Roe-1970-01-01';

/** What may stand where something else is expected; none of it is good anywhere. */
const HOSTILE: readonly [string, unknown][] = [
  ['null', null],
  ['a negative number', -1],
  ['a fraction', 0.5],
  ['a number beyond all', 1e308],
  ['true', true],
  ['an empty text', ''],
  ['a lone surrogate', `\ud800${SECRET}`],
  ['a zero byte', `a\0${SECRET}`],
  ['a path', `../${SECRET}`],
  ['a huge text', SECRET.repeat(5_000)],
  ['an empty object', {}],
  ['an object with a prototype', JSON.parse(`{"__proto__":{"${SECRET}":1}}`) as object],
  ['a list in a list', [[SECRET]]],
  ['a list of nulls', [null]],
];

/** Fields that may be left out. */
const OPTIONAL = new Set(['facts.resourceType', 'facts.labels', 'reason', 'scope.purposes']);

/** Free inside: other rules than the schema's are what refuses there. */
const FREE = new Set(['resource']);

/** Words that the custodian or the member chooses: there a path is a word like any other. */
const WORDS = /^(?:member\.displayName|policy\.emergencyRoles\.0|cites\.0)$/;

/** Any text at all may be a request: what is wrong with it stands in the log. */
const ANY_TEXT = /^requests\.\d+$/;

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || FREE.has(String(path.at(-1)))) return [path];
  return [
    path,
    ...Object.entries(value).flatMap(([name, item]) =>
      pathsOf(item, [...path, Array.isArray(value) ? Number(name) : name]),
    ),
  ];
}

function changed(
  value: unknown,
  path: Path,
  change: (container: Record<string, unknown>, name: string) => void,
): unknown {
  const copy = structuredClone(value);
  let container = copy as Record<string, unknown>;
  for (const step of path.slice(0, -1)) container = container[step] as Record<string, unknown>;
  change(container, String(path.at(-1)));
  return copy;
}

describe('every function refuses bad input, says where, repeats nothing and writes nothing', () => {
  let world: World;

  before(async () => {
    await makeCertificates();
    world = await World.open();
    await registerPatient(world);
  });

  type Send = (message: unknown) => Promise<Simulation>;

  function sender(name: string, field: 'command' | 'query', who: Who): Send {
    return (message) =>
      name.startsWith('registry')
        ? world.call([name, JSON.stringify(message)], undefined, who)
        : world.call([name, RIVERSIDE], { [field]: Buffer.from(JSON.stringify(message)) }, who);
  }

  async function expectRefused(send: Send, message: unknown, codes: readonly string[]): Promise<void> {
    const before = world.ledger.state.size;
    const done = await send(message);
    expect(codes, done.message).to.include(refusalOf(done));
    expect(done.message).to.not.include(SECRET);
    expect(done.message.length).to.be.lessThan(2_000);
    expect(world.ledger.state.size).to.equal(before);
    expect(world.ledger.failures).to.deep.equal([]);
  }

  function suite(
    name: string,
    field: 'command' | 'query',
    who: Who,
    messages: () => readonly object[],
  ): void {
    const code = `${field}-malformed`;
    const send = sender(name, field, who);

    it(`${name}: fields that are missing, unknown, oversized, wrongly typed or hostile`, async function () {
      this.timeout(60_000);
      for (const message of messages()) {
        for (const path of pathsOf(message).filter((one) => one.length > 0)) {
          const isOptional = OPTIONAL.has(path.join('.'));
          if (typeof path.at(-1) === 'string' && !isOptional) {
            await expectRefused(
              send,
              changed(message, path, (container, last) => Reflect.deleteProperty(container, last)),
              [code],
            );
          }
          for (const [what, hostile] of HOSTILE) {
            const place = path.join('.');
            if (what === 'a path' && WORDS.test(place)) continue;
            if (typeof hostile === 'string' && ANY_TEXT.test(place)) continue;
            await expectRefused(
              send,
              changed(message, path, (container, last) => (container[last] = hostile)),
              [
                code,
                'caller-not-allowed', // a member's own MSP id, changed, is somebody else's
                'record-facts-refused', // a label can be a word and still be none
                'consent-refused', // an empty object is JSON, and no consent
                'legal-basis-terms-refused', // a purpose can be a word and still be none
                'event-unknown', // a receipt is looked at when its event is there
                'journal-off', // entries are looked at where there may be any
              ],
            );
          }
        }
        for (const path of pathsOf(message)) {
          const at = path.reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], message);
          if (typeof at !== 'object' || at === null || Array.isArray(at) || FREE.has(String(path.at(-1))))
            continue;
          const more = changed(message, [...path, SECRET], (container, last) => (container[last] = SECRET));
          await expectRefused(send, more, [code]);
        }
      }
    });

    it(`${name}: what is no message at all`, async () => {
      for (const message of [
        null,
        1,
        'text',
        [],
        {},
        { v: 1 },
        { v: 1, [field]: SECRET },
        { v: 2 },
        [[[[]]]],
      ]) {
        await expectRefused(send, message, [code]);
      }
    });

    it(`${name}: wrong arguments`, async () => {
      const message = JSON.stringify(messages()[0]);
      const transient = { [field]: Buffer.from(message) };
      const isPublic = name.startsWith('registry');
      const calls: [string[], Record<string, Uint8Array> | undefined][] = isPublic
        ? [
            [[name], undefined],
            [[name, message, message], undefined],
            [[name, message], transient],
          ]
        : [
            [[name], transient],
            [[name, RIVERSIDE, RIVERSIDE], transient],
            [[name, RIVERSIDE], undefined],
            [[name, RIVERSIDE], {}],
            [[name, RIVERSIDE], { ...transient, more: Buffer.from(SECRET) }],
            [[name, RIVERSIDE], { other: Buffer.from(message) }],
            [[name, ''], transient],
            [[name, `custody-${SECRET}`], transient],
            [[name, '__proto__'], transient],
          ];
      for (const [args, data] of calls) {
        expect(refusalOf(await world.call(args, data, who)), JSON.stringify(args)).to.equal(
          'arguments-malformed',
        );
      }
    });

    if (!name.startsWith('registry')) {
      it(`${name}: bytes that are no JSON`, async () => {
        const nested = Buffer.from('['.repeat(200_000) + ']'.repeat(200_000));
        for (const raw of [
          Buffer.alloc(0),
          Buffer.from([0xff, 0xfe]),
          Buffer.from('{"v":1'),
          Buffer.from('\ufeff{}'),
          nested,
        ]) {
          const done = await world.call([name, RIVERSIDE], { [field]: raw }, who);
          expect(refusalOf(done)).to.equal(code);
        }
      });
    }
  }

  const salt = 'A'.repeat(43);
  const ABOUT = { subject: SUBJECT, basis: PRIVATE_BASIS } as const;

  suite('registry:apply', 'command', { mspId: NOVACURE, role: 'admin' }, () => [
    { v: 1, command: 'found-ledger', id: LEDGER_ID },
    { v: 1, command: 'register-member', member: world.statementOf(NOVACURE) },
  ]);
  suite('registry:query', 'query', { mspId: NOVACURE }, () => [
    { v: 1, query: 'member', mspId: RIVERSIDE },
    { v: 1, query: 'members' },
    { v: 1, query: 'ledger' },
  ]);
  suite('custody:apply', 'command', { mspId: RIVERSIDE }, () => [
    { v: 1, command: 'open-custody', salt, pepper: PEPPER.toString('base64url'), policy: POLICY },
    { v: 1, command: 'register-subject', salt, subject: OTHER_SUBJECT },
    { v: 1, salt, ...recordOf('hb-2') },
    {
      v: 1,
      command: 'file-consent',
      salt,
      consent: 'c-2',
      subject: SUBJECT,
      resource: consentOf('c-2'),
      evidence: EVIDENCE,
    },
    {
      v: 1,
      salt,
      ...registerKeyCommand(world, newPasskey()),
      evidence: signedBy(say(world, { statement: 'key-end', key: 'A'.repeat(43) }), newAppKey()),
    },
    { v: 1, command: 'revoke-key', salt, subject: SUBJECT, key: 'A'.repeat(43), evidence: EVIDENCE },
    {
      v: 1,
      command: 'register-delegation',
      salt,
      delegation: 'd-1',
      subject: SUBJECT,
      delegate: OTHER_SUBJECT,
      relationship: 'proxy',
      scope: { acts: ['file'], scopes: ['research'], purposes: ['HRESCH'] },
      period: { start: '2026-01-01T00:00:00.000Z', end: '2036-01-01T00:00:00.000Z' },
      evidence: { kind: 'delegated', delegation: 'd-1', act: EVIDENCE },
    },
    { v: 1, command: 'end-delegation', salt, delegation: 'd-1', subject: SUBJECT, evidence: EVIDENCE },
    { v: 1, command: 'decide', salt, requests: ['a.b.c'] },
    {
      v: 1,
      command: 'erase-subject',
      salt,
      subject: SUBJECT,
      ground: 'objection',
      reference: 'case-1',
      values: [world.key('descriptor', 'hb-1')],
      withdrawals: [],
    },
    {
      v: 1,
      command: 'record-deliveries',
      salt,
      deliveries: [{ event: world.key('event', 'a'), receipt: 'a.b.c' }],
    },
    {
      v: 1,
      command: 'review-emergency',
      salt,
      event: world.key('event', 'a'),
      request: 'a.b.c',
      reviewer: 'a'.repeat(22),
      finding: 'justified',
    },
    { v: 1, salt, ...subjectBasisOf({ period: { end: '2027' } }) },
    { v: 1, command: 'confirm-subject-basis', salt, ...ABOUT, proposal: 'A'.repeat(43) },
    { v: 1, command: 'drop-subject-basis', salt, ...ABOUT },
    { v: 1, command: 'end-subject-basis', salt, ...ABOUT },
    { v: 1, command: 'log-journal', salt, entries: [{ request: 'a.b.c', custodian: 'a.b.c' }] },
  ]);
  suite('custody:query', 'query', { mspId: RIVERSIDE }, () => [
    { v: 1, query: 'custody' },
    { v: 1, query: 'subject', subject: SUBJECT },
    { v: 1, query: 'record', record: 'hb-1' },
    { v: 1, query: 'consent', consent: 'c-1' },
    { v: 1, query: 'policies', subject: SUBJECT },
    { v: 1, query: 'key', subject: SUBJECT, key: 'A'.repeat(43) },
    { v: 1, query: 'delegation', delegation: 'd-1' },
    { v: 1, query: 'event', requester: LAKESIDE, jti: 'a'.repeat(22) },
    { v: 1, query: 'event-hash', event: world.key('event', 'a') },
  ]);
  suite('withdrawal:apply', 'command', { mspId: RIVERSIDE }, () => [
    {
      v: 1,
      command: 'withdraw',
      salt,
      consent: 'c-1',
      subject: SUBJECT,
      evidence: EVIDENCE,
      reason: 'moved',
    },
  ]);
  suite('withdrawal:query', 'query', { mspId: RIVERSIDE }, () => [
    { v: 1, query: 'withdrawals', subject: SUBJECT },
    { v: 1, query: 'withdrawn', consent: 'c-1' },
  ]);

  it('no function but these: unknown names are refused and not repeated', async () => {
    for (const name of [
      SECRET,
      '',
      'apply',
      'registry',
      'registry:',
      ':apply',
      'registry:constructor',
      'org.hyperledger.fabric:GetMetadata',
      'toString',
      '__proto__',
      'custody:apply ',
      'Custody:apply',
    ]) {
      const done = await world.call(
        name === '' ? [] : [name, RIVERSIDE],
        { command: bytes({}) },
        { mspId: RIVERSIDE },
      );
      expect(done.message).to.equal('function-unknown');
    }
  });

  it('a consent that is huge, deep or strange', async () => {
    const deep = (levels: number): object => (levels === 0 ? {} : { extension: [deep(levels - 1)] });
    for (const resource of [
      { ...consentOf('c-2'), note: 'x'.repeat(70_000) },
      { ...consentOf('c-2'), ...deep(40) },
      { ...consentOf('c-2'), list: Array.from({ length: 30_000 }, () => 0) },
      { ...consentOf('c-2'), language: `\ud800` },
      JSON.parse(`{"__proto__":{"resourceType":"Consent"},"${SECRET}":1}`) as object,
      [],
      'Consent',
    ]) {
      const message = {
        v: 1,
        command: 'file-consent',
        salt,
        consent: 'c-2',
        subject: SUBJECT,
        resource,
        evidence: EVIDENCE,
      };
      await expectRefused(sender('custody:apply', 'command', { mspId: RIVERSIDE }), message, [
        'command-malformed',
      ]);
    }
  });

  it('a transaction whose time is not now', async () => {
    const command = { command: 'register-subject', subject: 'late' };
    const { now } = world;
    for (const skew of [-120_001, 120_001, -86_400_000]) {
      const done = await at(now + skew, command);
      expect(refusalOf(done)).to.equal('transaction-time-refused');
    }
    for (const skew of [-120_000, 120_000])
      expect((await at(now + skew, { ...command, subject: `late.${skew}` })).status).to.equal(200);

    async function at(time: number, what: object): Promise<Simulation> {
      world.proposedAt = time;
      const done = await world.tryCustody(what);
      world.proposedAt = undefined;
      return done;
    }
  });
});
