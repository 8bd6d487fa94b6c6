import { EvidenceRefused, verifyBundle, writeBundle, type Evidence } from '@consent-ledger/audit';
import {
  canonicalText,
  custodyCollection,
  studyCollection,
  withdrawalCollection,
} from '@consent-ledger/chaincode/wire';
import { judgeBlocks } from '@consent-ledger/network/embedded/verification/block-judge';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { deliveredBlocks } from '../support/history.js';
import {
  ask,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from './support/people.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';

interface BlockLine {
  block: number;
  data: string[];
  signatures: string;
  codes: string;
  private: { tx: number; set: string }[];
}

/** Blocks in the bundle that is altered again and again. */
const MOST_BLOCKS = 60;

/** What somebody makes of a bundle who wants it to look whole. */
function sealed(header: string, blocks: readonly BlockLine[]): string[] {
  const lines = [header, ...blocks.map((block, place) => canonicalText({ ...block, block: place }))];
  const digest = createHash('sha256');
  for (const line of lines) digest.update(`${line}\n`);
  return [...lines, canonicalText({ end: blocks.length, sha256: digest.digest('base64url') })];
}

/** Bit by bit the same for everybody who runs it. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function flipped(text: string, next: () => number): string {
  const bytes = Buffer.from(text, 'base64url');
  const place = Math.floor(next() * bytes.length);
  bytes[place] = (bytes[place] ?? 0) ^ (1 << Math.floor(next() * 8));
  return bytes.toString('base64url');
}

describe('an evidence bundle', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let ledger: string;
  let header: string;
  let blocks: readonly BlockLine[];
  let lines: readonly string[];

  async function verified(
    bundle: readonly string[],
    fingerprint = ledger,
    threads: 1 | 2 = 1,
  ): Promise<Evidence> {
    const judges: { close(): void }[] = [];
    try {
      return await verifyBundle(bundle, {
        ledger: fingerprint,
        ...(threads === 2 && { inParallel: true }),
        judge: (genesis) => {
          const judge = judgeBlocks(genesis);
          judges.push(judge);
          return judge;
        },
      });
    } finally {
      for (const judge of judges) judge.close();
    }
  }

  async function refusal(
    bundle: readonly string[],
    fingerprint?: string,
    threads?: 1 | 2,
  ): Promise<EvidenceRefused> {
    try {
      await verified(bundle, fingerprint, threads);
    } catch (error) {
      if (error instanceof EvidenceRefused) return error;
      throw error;
    }
    throw new Error('a bundle that was altered was proved');
  }

  function changed(place: number, change: (block: BlockLine) => BlockLine): string[] {
    return sealed(
      header,
      blocks.map((block, at) => (at === place ? change(structuredClone(block)) : block)),
    );
  }

  before(async () => {
    members = await sharedMembers();
    const { riverside, lakeside, novacure, sentinel } = members;
    const subject = await registerSubject(riverside);
    const record = await putRecord(riverside, { subject, content: Buffer.from('a result') });
    const filed = await fileConsent(riverside, treatmentConsent({ subject, recipient: lakeside.reference }));
    expect((await ask(lakeside, riverside, [record.id])).status).to.equal(200);
    await withdraw(riverside, String(filed.json['consent']));
    expect((await ask(lakeside, riverside, [record.id])).status).to.equal(403);
    const { id, chaincode } = sentinel.configuration.ledger;
    ledger = id;
    const collections = [riverside, lakeside].flatMap(({ mspId }) => [
      custodyCollection(mspId),
      withdrawalCollection(mspId),
      studyCollection(mspId, novacure.mspId),
    ]);
    // The beginning of a history proves itself; other tests share this ledger, and may have made it long.
    const delivered = (await deliveredBlocks(sentinel)).slice(0, MOST_BLOCKS);
    const bundle: string[] = [];
    const source = (async function* () {
      yield* await Promise.resolve(delivered);
    })();
    for await (const line of writeBundle({ ledger, chaincode, collections, about: { subject } }, source)) {
      bundle.push(line.slice(0, -1));
    }
    lines = bundle;
    header = lines[0] ?? '';
    blocks = lines.slice(1, -1).map((line) => JSON.parse(line) as BlockLine);
  });

  it('is proved from the fingerprint of the genesis block alone', async () => {
    const evidence = await verified(lines);
    expect(evidence.replay).to.deep.include({ sound: true, findings: [] });
    expect(evidence.replay.events).to.be.greaterThan(1);
    expect(evidence.blocks).to.equal(blocks.length);
    expect(sealed(header, blocks)).to.deep.equal(lines);
  });

  it('comes out alike where signatures are verified in a second thread', async () => {
    expect(await verified(lines, ledger, 2)).to.deep.equal(await verified(lines));
    const next = random(20_261_125);
    for (const part of ['data', 'private', 'codes'] as const) {
      const places = blocks.map((_, at) => at).filter((at) => at > 0 && blocks[at]?.[part].length !== 0);
      const place = places[Math.floor(next() * places.length)] ?? 1;
      const bundle = changed(place, (one) => {
        if (part === 'data') return { ...one, data: one.data.map((text) => flipped(text, next)) };
        if (part === 'private')
          return { ...one, private: one.private.map(({ tx, set }) => ({ tx, set: flipped(set, next) })) };
        return { ...one, [part]: flipped(one[part], next) };
      });
      const [alone, both] = [await refusal(bundle), await refusal(bundle, ledger, 2)];
      expect([both.rule, both.message]).to.deep.equal([alone.rule, alone.message]);
      expect(both.place).to.deep.equal(alone.place).and.to.include({ block: place });
    }
  });

  it('is refused for another ledger', async () => {
    expect((await refusal(lines, '0'.repeat(64))).rule).to.equal('genesis');
  });

  it('is refused, and the block named, for any bit of any part of any block', async () => {
    const next = random(20_261_124);
    const parts = ['data', 'signatures', 'codes', 'private'] as const;
    let tried = 0;
    while (tried < 60) {
      const place = Math.floor(next() * blocks.length);
      const part = parts[Math.floor(next() * parts.length)] ?? 'data';
      const block = blocks[place];
      if (block === undefined || (place === 0 && part !== 'data')) continue;
      if (part === 'private' && block.private.length === 0) continue;
      tried += 1;
      const bundle = changed(place, (one) => {
        if (part === 'data') {
          const at = Math.floor(next() * one.data.length);
          return { ...one, data: one.data.map((text, index) => (index === at ? flipped(text, next) : text)) };
        }
        if (part === 'private') {
          const at = Math.floor(next() * one.private.length);
          const altered = one.private.map((secret, index) =>
            index === at ? { ...secret, set: flipped(secret.set, next) } : secret,
          );
          return { ...one, private: altered };
        }
        return { ...one, [part]: flipped(one[part], next) };
      });
      const { rule, place: found, message } = await refusal(bundle);
      const what = `${part} of block ${place}: ${rule} ${message}`;
      expect(found.block, what).to.equal(place);
      if (part === 'codes') expect(rule, what).to.equal('validation-code');
      if (part === 'private') expect(rule, what).to.equal('private-value');
    }
  });

  it('is refused for any block that is dropped, repeated, or in another place', async () => {
    const middle = Math.floor(blocks.length / 2);
    const dropped = await refusal(
      sealed(
        header,
        blocks.filter((_, at) => at !== middle),
      ),
    );
    expect(dropped).to.deep.include({ rule: 'orderer-signature', place: { block: middle } });
    const repeated = [...blocks.slice(0, middle + 1), ...blocks.slice(middle)];
    expect((await refusal(sealed(header, repeated))).place).to.deep.equal({ block: middle + 1 });
    const swapped = [...blocks];
    const [one, other] = [swapped[middle], swapped[middle - 1]];
    if (one === undefined || other === undefined) throw new Error('too few blocks');
    swapped[middle] = other;
    swapped[middle - 1] = one;
    expect((await refusal(sealed(header, swapped))).place).to.deep.equal({ block: middle - 1 });
  });

  it('is refused for a transaction that is dropped, repeated or moved, and for one that somebody passes off as invalid', async () => {
    const place = blocks.findIndex(({ private: secrets }) => secrets.length > 0);
    const empty = await refusal(changed(place, (one) => ({ ...one, data: [], codes: '', private: [] })));
    expect(empty.place.block).to.equal(place);
    const twice = await refusal(
      changed(place, (one) => ({
        ...one,
        data: [...one.data, ...one.data],
        codes: Buffer.concat([
          Buffer.from(one.codes, 'base64url'),
          Buffer.from(one.codes, 'base64url'),
        ]).toString('base64url'),
      })),
    );
    expect(twice.place.block).to.equal(place);
    const hidden = await refusal(
      changed(place, (one) => ({
        ...one,
        codes: Buffer.from(Buffer.from(one.codes, 'base64url').map(() => 11)).toString('base64url'),
        private: [],
      })),
    );
    // The first that is not rightly said to be one that read something old.
    const valid = Buffer.from(blocks[place]?.codes ?? '', 'base64url').findIndex((code) => code !== 11);
    expect(hidden).to.deep.include({
      rule: 'validation-code',
      place: { block: place, transaction: valid },
    });
  });

  it('is refused where a private value is kept back', async () => {
    const place = blocks.findLastIndex(({ private: secrets }) => secrets.length > 0);
    const kept = await refusal(changed(place, (one) => ({ ...one, private: [] })));
    expect(kept.rule).to.equal('private-missing');
    expect(kept.place.block).to.equal(place);
  });

  it('is refused where it is cut short, or where its words are not in their one form', async () => {
    expect((await refusal(lines.slice(0, -1))).rule).to.equal('format');
    expect((await refusal([...lines, '{}'])).rule).to.equal('format');
    expect((await refusal([])).rule).to.equal('format');
    const spaced = lines.map((line, at) => (at === 2 ? line.replace(',', ', ') : line));
    expect(await refusal(spaced)).to.deep.include({ rule: 'format', place: { block: 1 } });
    const renamed = lines.map((line, at) =>
      at === 0 ? line.replace('"about":{"subject":"', '"about":{"subject":"x') : line,
    );
    expect((await refusal(renamed)).rule).to.equal('format');
  });
});
