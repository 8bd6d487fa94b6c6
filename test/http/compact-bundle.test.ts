import {
  compactBundle,
  CompactImpossible,
  EvidenceRefused,
  linesOf,
  verifyCompact,
  type CompactAbout,
  type CompactBundle,
  type CompactEvidence,
  type ConfigurationJudge,
} from '@consent-ledger/audit';
import { memberLayout } from '@consent-ledger/network';
import { judgeConfigurations } from '@consent-ledger/network/embedded/verification/configuration-judge';
import { historyUpTo, lineOfText, openOwnPeer, signOne, type OwnPeer } from '@consent-ledger/scripts';
import type { peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { createHash, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  altered,
  changedAt,
  forgedHistory,
  placesIn,
  random,
  sealed,
  type Json,
  type Line,
  type Path,
} from '../support/audit/compact-lines.js';
import { runCli, type CliResult } from '../support/cli.js';
import { deliveredBlocks } from '../support/history.js';
import { temporaryFolder } from '../support/temporary.js';
import {
  ask,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from './support/people.js';
import { everyone, PATIENCE_MS, sharedConsortium, sharedMembers, type Members } from './support/shared.js';

const SEED = 20_261_124;

describe('a compact bundle', function () {
  this.timeout(PATIENCE_MS);
  const work = temporaryFolder();
  let members: Members;
  let directory: string;
  let ledger: string;
  let subject: string;
  let delivered: readonly peer.BlockAndPrivateData[];
  /** Blocks that all members have signed a checkpoint of. */
  let signed: number[];
  let lines: readonly Line[];

  const configuration = (name: string): string => memberLayout(directory, name).configuration;

  async function withPeer<Result>(name: string, use: (peer: OwnPeer) => Promise<Result>): Promise<Result> {
    const opened = await openOwnPeer(configuration(name), 'blocks');
    try {
      return await use(opened);
    } finally {
      opened.close();
    }
  }

  /** Every member signs what its own peer has, each when it has it. */
  async function cosign(names: readonly string[]): Promise<number> {
    const block = (await withPeer('sentinel', (sentinel) => sentinel.height())) - 1;
    for (const name of names) {
      await withPeer(name, async (own) => {
        const checkpoint = (await historyUpTo(own, block)).checkpointAt(block);
        if (checkpoint === undefined) throw new Error(`${name} has no block ${block}`);
        const { agree, differ } = await signOne(own, checkpoint);
        expect(agree).to.include(own.mspId);
        expect(differ).to.deep.equal([]);
      });
    }
    return block;
  }

  function bundle(about: CompactAbout, earlier?: number): Promise<CompactBundle> {
    return compactBundle({
      ledger,
      chaincode: members.sentinel.configuration.ledger.chaincode,
      about,
      configurations: judgeConfigurations,
      blocks: (async function* () {
        yield* await Promise.resolve(delivered);
      })(),
      ...(earlier !== undefined && { earlier }),
    });
  }

  function verified(texts: readonly string[], required: readonly string[] = []): CompactEvidence {
    return verifyCompact(texts, { ledger, configurations: judgedOnce, required });
  }

  function refusal(texts: readonly string[], required?: readonly string[]): EvidenceRefused {
    try {
      verified(texts, required);
    } catch (error) {
      if (error instanceof EvidenceRefused) return error;
      throw error;
    }
    throw new Error('a bundle that was altered was proved');
  }

  const linesIn = (made: CompactBundle): Line[] =>
    [...made.lines].slice(0, -1).map((text) => JSON.parse(text) as Line);

  const withLine = (place: number, line: Line): Line[] => lines.map((one, at) => (at === place ? line : one));

  before(async () => {
    members = await sharedMembers();
    ({ directory } = await sharedConsortium());
    const { riverside, lakeside, sentinel } = members;
    ({ id: ledger } = sentinel.configuration.ledger);
    subject = await registerSubject(riverside);
    const record = await putRecord(riverside, { subject, content: Buffer.from('a result') });
    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    expect((await ask(lakeside, riverside, [record.id])).status).to.equal(200);
    const first = await cosign(['riverside', 'lakeside', 'novacure', 'sentinel']);
    await withdraw(riverside, String(filed.json['consent']));
    expect((await ask(lakeside, riverside, [record.id])).status).to.equal(403);
    signed = [first, await cosign(['lakeside', 'novacure', 'sentinel'])];
    expect((await ask(lakeside, riverside, [record.id])).status).to.equal(403);
    delivered = await deliveredBlocks(sentinel);
    lines = linesIn(await bundle({ subject }));
  });

  it('proves that events are in the history, to whoever has the fingerprint of the genesis block', () => {
    const evidence = verified(sealed(lines), ['LakesideMSP', 'SentinelMSP']);
    expect(evidence.cosigners).to.deep.equal(['LakesideMSP', 'NovacureMSP', 'SentinelMSP']);
    expect(evidence.organisations).to.have.members(everyone(members).map(({ mspId }) => mspId));
    expect(evidence.checkpoint.block).to.equal(signed[1]);
    const outcomes = evidence.events.map(({ event }) => event.records.map(({ outcome }) => outcome));
    expect(outcomes).to.deep.equal([['permit'], ['deny']]);
    expect(evidence.others.map(({ kind }) => kind)).to.deep.equal(['consent', 'withdrawn']);
    for (const { detail } of evidence.events)
      expect(detail.records.flatMap(({ subjects }) => subjects)).to.deep.equal([subject]);
  });

  it('is made of one event, of a period, of a record, of a member; and says what is newer than the checkpoint', async () => {
    const [first, second] = verified(sealed(lines)).events;
    if (first === undefined || second === undefined) throw new Error('there are too few events');
    const eventsOf = async (about: CompactAbout): Promise<string[]> =>
      verified(sealed(linesIn(await bundle(about)))).events.map(({ key }) => key);
    expect(await eventsOf({ event: first.key })).to.deep.equal([first.key]);
    expect(await eventsOf({ subject, since: second.event.at })).to.deep.equal([second.key]);
    expect(await eventsOf({ subject, until: second.event.at })).to.deep.equal([first.key]);
    const record = first.event.records[0]?.record ?? '';
    expect(await eventsOf({ record, member: 'LakesideMSP' })).to.deep.equal([first.key, second.key]);
    expect(await bundle({ subject })).to.deep.include({ events: 2, newer: 1 });
  });

  it('is refused for another ledger, and where somebody did not sign whom the reader asks for', () => {
    const elsewhere = { ledger: '0'.repeat(64), configurations: judgeConfigurations };
    expect(() => verifyCompact(sealed(lines), elsewhere))
      .to.throw(EvidenceRefused)
      .with.property('rule', 'genesis');
    expect(refusal(sealed(lines), ['RiversideMSP']).rule).to.equal('cosigners');
  });

  it(`is refused, and the line named, for any field of any line (seed ${SEED})`, () => {
    const next = random(SEED);
    lines.forEach((line, place) => {
      for (const path of someOf(placesIn(line), next)) {
        const what = `line ${place}, ${path.join('.')}`;
        const found = refusal(
          sealed(
            withLine(
              place,
              changedAt(line, path, (before) => altered(before, next)),
            ),
          ),
        );
        // What the header says is held against the lines that it is about.
        if (place > 0) expect(found.place.line, `${what}: ${found.rule} ${found.message}`).to.equal(place);
      }
    });
  });

  it('is refused for a field that is left out or added, and for bytes that mean the same', async () => {
    lines.forEach((line, place) => {
      for (const name of Object.keys(line)) {
        const rest = Object.fromEntries(Object.entries(line).filter(([other]) => other !== name));
        expect(refusal(sealed(withLine(place, rest))).place.line, `line ${place} without ${name}`).to.equal(
          place,
        );
      }
      expect(refusal(sealed(withLine(place, { ...line, more: 1 }))).place.line).to.equal(place);
    });
    const text = `${sealed(lines).join('\n')}\n`;
    const read = async (bytes: string): Promise<string[]> => {
      const found: string[] = [];
      const chunks = (async function* () {
        yield await Promise.resolve(Buffer.from(bytes));
      })();
      for await (const one of linesOf(chunks)) found.push(one);
      return found;
    };
    verified(await read(text));
    expect(refusal(await read(text.replace(',', ', '))).rule).to.equal('format');
    expect(refusal(await read(text.replaceAll('\n', '\r\n'))).rule).to.equal('format');
    expect(refusal(await read(text.replace('\n', '\n\n'))).rule).to.equal('format');
    for (const cut of [text.slice(0, -1), text.slice(0, -20)]) {
      const error = await read(cut).then(refusal, (thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(EvidenceRefused).with.property('rule', 'format');
    }
  });

  it('is refused for a line that is repeated or in another place, and for hashes of a proof that are dropped, repeated or exchanged', () => {
    lines.forEach((line, place) => {
      const twice = [...lines.slice(0, place + 1), ...lines.slice(place)];
      expect(() => verified(sealed(twice)), `line ${place} twice`).to.throw(EvidenceRefused);
      const other = lines[place + 1];
      if (other !== undefined) {
        const swapped = [...lines.slice(0, place), other, line, ...lines.slice(place + 2)];
        expect(() => verified(sealed(swapped)), `line ${place} after the next`).to.throw(EvidenceRefused);
      }
      const proof = line['proof'];
      if (!Array.isArray(proof) || proof.length < 2) return;
      const changes = [proof.slice(1), [...proof, proof[0] ?? ''], [...proof].reverse()];
      for (const instead of changes) {
        const found = refusal(sealed(withLine(place, { ...line, proof: instead })));
        expect(found.place.line).to.equal(place);
        expect(found.rule).to.equal('inclusion');
      }
    });
  });

  it('rests on no value alone: what an event needs is refused where it is left out', () => {
    const event = lines.findIndex((line) => 'detail' in line);
    const requester = lines.findIndex((line) => line['key'] === 'member/LakesideMSP');
    const without = (...places: number[]): string[] => sealed(lines.filter((_, at) => !places.includes(at)));
    expect(refusal(without(requester)).rule).to.equal('request-signature');
    const oversight = lines.findIndex((line) => line['key'] === 'member/SentinelMSP');
    expect(refusal(without(oversight)).rule).to.equal('cosigners');
    expect(refusal(without(1)).rule).to.equal('genesis');
    // What is left is still in the history: a compact bundle never says that there is nothing else.
    expect(verified(without(event + 1)).events.length).to.be.at.most(2);
  });

  it('is refused where one member makes a history of its own, or fewer than enough, or no overseer among them', () => {
    const layouts = new Map(
      everyone(members).map(({ mspId, configuration: { ledger: own } }) => [mspId, own]),
    );
    const signedBy =
      (names: readonly string[], files = layouts) =>
      (text: string): Json =>
        [...names].sort().map((mspId) => {
          const own = files.get(mspId);
          if (own === undefined) throw new RangeError(mspId);
          return signatureBy(mspId, own.certificate, own.privateKey, text);
        });
    const forged = lines.map((line) => {
      if (typeof line['key'] !== 'string' || !line['key'].startsWith('withdrawn/')) return line;
      const { value: before } = line as { value: string };
      const value = before.replace(/"at":"[^"]*"/, '"at":"2020-01-01T00:00:00.000Z"');
      const leaf = {
        ...(line['leaf'] as Line),
        value: createHash('sha256').update(value).digest('base64url'),
      };
      return { ...line, leaf, value };
    });
    const made = (names: readonly string[]): string[] => sealed(forgedHistory(forged, signedBy(names)));
    // The forgery is a whole one: with as many as it takes it stands. They would all have to lie.
    expect(verified(made(['RiversideMSP', 'LakesideMSP', 'SentinelMSP'])).others).to.have.length(2);
    for (const alone of layouts.keys()) expect(refusal(made([alone])).rule).to.equal('cosigners');
    expect(refusal(made(['RiversideMSP', 'LakesideMSP', 'NovacureMSP'])).rule).to.equal('cosigners');
    expect(refusal(made(['RiversideMSP', 'SentinelMSP'])).rule).to.equal('cosigners');
    const asOthers = new Map([...layouts.keys()].map((mspId) => [mspId, layouts.get('RiversideMSP')]));
    const pretended = forgedHistory(forged, (text) => {
      const own = asOthers.get('SentinelMSP');
      if (own === undefined) throw new RangeError('SentinelMSP');
      return ['LakesideMSP', 'RiversideMSP', 'SentinelMSP'].map((mspId) =>
        signatureBy(mspId, own.certificate, own.privateKey, text),
      );
    });
    expect(refusal(sealed(pretended)).rule).to.equal('checkpoint-signature');
    // The genuine signatures are over another text.
    const line = lines.find(({ checkpoint }) => checkpoint !== undefined);
    const copied = sealed(forgedHistory(forged, () => line?.['signatures'] ?? null));
    expect(refusal(copied).rule).to.equal('checkpoint-signature');
  });

  it('takes no signature of an admin’s or of a peer’s for the organisation’s', () => {
    const { sentinel } = members;
    const { admin } = sentinel.configuration.ledger;
    if (admin === undefined) throw new Error('there is no admin');
    const place = lines.findIndex(({ checkpoint }) => checkpoint !== undefined);
    const { checkpoint, signatures } = lines[place] ?? {};
    const others = (signatures as Line[]).filter(({ mspId }) => mspId !== sentinel.mspId);
    const byAdmin = signatureBy(sentinel.mspId, admin.certificate, admin.privateKey, checkpoint as string);
    const line = { checkpoint: checkpoint ?? '', signatures: [...others, byAdmin] };
    expect(refusal(sealed(withLine(place, line)))).to.deep.include({
      rule: 'checkpoint-signature',
      place: { line: place },
    });
  });

  it('proves that a history goes on from an earlier checkpoint, and from no other', async () => {
    const [first, last] = signed;
    const proved = linesIn(await bundle({}, first));
    const { earlier, checkpoint, events } = verified(sealed(proved));
    expect([earlier?.block, checkpoint.block, events.length]).to.deep.equal([first, last, 0]);
    const place = proved.findIndex((line) => 'earlier' in line);
    const line = proved[place] ?? {};
    const next = random(SEED);
    for (const path of someOf(placesIn(line), next)) {
      const change = changedAt(line, path, (before) => altered(before, next));
      const found = refusal(sealed(proved.map((one, at) => (at === place ? change : one))));
      expect(found.place.line, path.join('.')).to.equal(place);
    }
    // Enough members signed two histories: then that is what is found.
    const other = forgedHistory([...proved.filter((one) => 'leaf' in one), line['earlier'] as Line], (text) =>
      ['LakesideMSP', 'NovacureMSP', 'SentinelMSP'].map((mspId) => {
        const own = everyone(members).find((member) => member.mspId === mspId)?.configuration.ledger;
        if (own === undefined) throw new RangeError(mspId);
        return signatureBy(mspId, own.certificate, own.privateKey, text);
      }),
    ).at(-1);
    const forked = proved.map((one, at) => (at === place ? { ...one, earlier: other ?? {} } : one));
    expect(refusal(sealed(forked)).rule).to.equal('consistency');
  });

  it('is not made where nobody, or too few, have signed', async () => {
    const refused = await compactBundle({
      ledger,
      chaincode: members.sentinel.configuration.ledger.chaincode,
      about: { subject },
      configurations: judgeConfigurations,
      blocks: (async function* () {
        yield* await Promise.resolve(delivered.slice(0, (signed[0] ?? 0) + 1));
      })(),
    }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(CompactImpossible);
  });

  it('comes from the command line, where two members compare their histories by one line', async () => {
    const run = (...args: string[]): Promise<CliResult> => runCli(args, work.path);
    const file = join(work.path, 'mine.evidence');
    const of = ['--configuration', configuration('sentinel')];
    const written = await run('audit', 'evidence', '--compact', '--subject', subject, '--out', file, ...of);
    expect(written.code, written.stderr).to.equal(0);
    const proved = await run('verify', file, '--ledger', ledger);
    expect(proved.code, proved.stderr).to.equal(0);
    expect(proved.stdout)
      .to.match(/these \d values are in the history/)
      .and.include('no others');

    const block = signed[1] ?? 0;
    const line = await withPeer('novacure', async (own) => {
      const found = (await historyUpTo(own, block)).checkpointAt(block);
      if (found === undefined) throw new Error('there is no checkpoint');
      return lineOfText((await signOne(own, found)).text);
    });
    const note = join(work.path, 'note');
    const shown = await run('audit', 'checkpoint', 'show', '--block', String(block), '--out', note, ...of);
    expect(shown.stdout.trim()).to.equal(line);
    const mine = ['--configuration', configuration('riverside')];
    expect((await run('audit', 'checkpoint', 'compare', note, ...mine)).code).to.equal(0);
    const another = line.replace(/ [A-Za-z0-9+/]{43}= /, ` ${'A'.repeat(43)}= `);
    expect((await run('audit', 'checkpoint', 'compare', another, ...mine)).code).to.equal(1);
  });
});

const judges = new Map<string, ConfigurationJudge>();

/** To read a genesis block takes longer than all the rest, and it is the same again and again. */
function judgedOnce(genesis: Uint8Array): ConfigurationJudge {
  const name = Buffer.from(genesis).toString('base64');
  const made = judges.get(name) ?? judgeConfigurations(genesis);
  judges.set(name, made);
  return {
    next: (envelope) => {
      judges.delete(name);
      return made.next(envelope);
    },
    get sequence() {
      return made.sequence;
    },
    get members() {
      return made.members;
    },
    isSigned: (signature) => made.isSigned(signature),
  };
}

/** All places but those in proofs, of which there are many alike: of each proof one, or all where many runs are asked for. */
function someOf(paths: readonly Path[], next: () => number): Path[] {
  if (process.env['CONSENT_LEDGER_FAULT_RUNS'] !== undefined) return [...paths];
  const isHash = ([first]: Path): boolean => first === 'proof' || first === 'consistency';
  const hashes = paths.filter(isHash);
  const one = hashes[Math.floor(next() * hashes.length)];
  return [...paths.filter((path) => !isHash(path)), ...(one === undefined ? [] : [one])];
}

function signatureBy(mspId: string, certificate: string, privateKey: string, text: string): Line {
  const key = readFileSync(privateKey, 'utf8');
  const der = new X509Certificate(readFileSync(certificate)).raw;
  let signature = sign('sha256', Buffer.from(text), key);
  // Fabric takes the smaller of the two signatures alone.
  while (!isLowS(signature)) signature = sign('sha256', Buffer.from(text), key);
  return { mspId, certificate: der.toString('base64url'), signature: signature.toString('base64url') };
}

/** Of P-256, roughly: whoever is a little below the half signs again. */
function isLowS(der: Buffer): boolean {
  const rLength = der[3] ?? 0;
  const s = der.subarray(6 + rLength);
  return s.length < 32 || (s.length === 32 && (s[0] ?? 0) < 0x7f);
}
