import { dataLayout, memberLayout } from '@consent-ledger/network';
import { signDue } from '@consent-ledger/scripts';
import {
  forgetAttempts,
  lastSigned,
  noteAttempt,
  troubleOf,
  twoHistoriesOf,
} from '@consent-ledger/scripts/internal/checkpoints/signed-so-far';
import { expect } from 'chai';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EVERY, longHistory, SigningPeer } from '../../support/audit/signing-peer.js';
import { temporaryFolder } from '../../support/temporary.js';

describe('signing what is due', () => {
  const work = temporaryFolder();
  const history = longHistory(3 * EVERY + 10);
  let count = 0;

  /** A member that has signed nothing, in a data folder of its own. */
  function member(): { readonly dataDir: string; readonly peer: SigningPeer; readonly position: string } {
    const dataDir = join(work.path, String((count += 1)));
    const { data } = memberLayout(dataDir, 'riverside');
    const position = join(data, 'audit', 'checkpoint-position.json');
    return { dataDir, peer: new SigningPeer(data, history), position };
  }

  const sign = (peer: SigningPeer, height: number) => signDue(peer.own, height, () => undefined);

  it('goes on where it was ended while it read a long history, and takes nothing that was only read for signed', async () => {
    const { dataDir, peer } = member();
    const height = 3 * EVERY + 10;
    // Ended again and again, each time further on: before the first checkpoint, and past two that it need not sign.
    for (const [breaksAt, goesOnFrom] of [
      [EVERY - 100, 0],
      [2 * EVERY + 700, EVERY - 500],
    ] as const) {
      peer.breaksAt = breaksAt;
      const ended = await sign(peer, height).catch((error: unknown) => error);
      expect(ended).to.be.instanceOf(Error);
      expect(peer.readFrom.at(-1)).to.equal(goesOnFrom);
      expect(await lastSigned(dataDir, 'riverside')).to.equal(undefined);
    }
    expect(peer.signed).to.deep.equal([]);
    peer.breaksAt = Infinity;
    await sign(peer, height);
    expect(peer.readFrom.at(-1)).to.equal(2 * EVERY + 500);
    expect(peer.signed).to.deep.equal([3 * EVERY]);
    expect(await lastSigned(dataDir, 'riverside')).to.equal(3 * EVERY);
  });

  it('signs all that is due since the last, also where it was ended between two', async () => {
    const { dataDir, peer } = member();
    await sign(peer, EVERY + 1);
    peer.breaksAt = EVERY + 700;
    expect(await sign(peer, 3 * EVERY + 1).catch((error: unknown) => error)).to.be.instanceOf(Error);
    expect(await lastSigned(dataDir, 'riverside')).to.equal(EVERY);
    peer.breaksAt = Infinity;
    await sign(peer, 3 * EVERY + 1);
    expect(peer.readFrom.at(-1)).to.equal(EVERY + 501);
    expect(peer.signed).to.deep.equal([EVERY, 2 * EVERY, 3 * EVERY]);
  });

  it('reads what the first version of the file has, which was written after a signature', async () => {
    const { dataDir, peer, position } = member();
    await sign(peer, EVERY + 1);
    const { signed, ...kept } = JSON.parse(await readFile(position, 'utf8')) as Record<string, unknown>;
    expect(signed).to.have.property('block', EVERY);
    await writeFile(position, JSON.stringify({ ...kept, v: 1 }));
    expect(await lastSigned(dataDir, 'riverside')).to.equal(EVERY);
    await sign(peer, 2 * EVERY + 1);
    expect(peer.readFrom).to.deep.equal([0, EVERY + 1]);
    expect(peer.signed).to.deep.equal([EVERY, 2 * EVERY]);
  });

  it('holds what it signed first against those who come after it, at its next signing', async () => {
    const { peer } = member();
    await sign(peer, EVERY + 1);
    const [own] = peer.texts(EVERY);
    peer.signs('LakesideMSP', String(own));
    peer.signs('NovacureMSP', String(own).replace(/^time .*$/m, 'time 2026-03-02T00:00:00.000Z'));
    const found: [number, readonly string[]][] = [];
    await signDue(peer.own, 2 * EVERY + 1, ({ checkpoint, differ }) =>
      found.push([checkpoint.block, differ]),
    );
    expect(found).to.deep.equal([
      [EVERY, ['NovacureMSP']],
      [2 * EVERY, []],
    ]);
  });
});

describe('two histories that a signing found', () => {
  const work = temporaryFolder();
  const grave = 'ANOTHER HISTORY: NovacureMSP signed something else for block 100.';

  it('are remembered by what was found first, after what fails and what goes well, until somebody removes the file', async () => {
    const note = (trouble?: string) => noteAttempt(work.path, 'riverside', trouble);
    await mkdir(dataLayout(work.path).run, { recursive: true });
    await note('the peer does not answer');
    expect(await twoHistoriesOf(work.path, 'riverside')).to.equal(undefined);
    await note(grave);
    await note('The operation was aborted due to timeout');
    await note(grave.replace('100', '200'));
    await note();
    expect(await troubleOf(work.path, 'riverside')).to.equal(undefined);
    await forgetAttempts(work.path);
    const found = await twoHistoriesOf(work.path, 'riverside');
    expect(found).to.include({ found: grave });
    expect(await twoHistoriesOf(work.path, 'lakeside')).to.equal(undefined);
    await rm(found?.file ?? '');
    expect(await twoHistoriesOf(work.path, 'riverside')).to.equal(undefined);
  });

  it('are there also where the file cannot be read any more', async () => {
    await noteAttempt(work.path, 'sentinel', grave);
    const { file } = (await twoHistoriesOf(work.path, 'sentinel')) ?? { file: '' };
    await writeFile(file, '');
    expect(await twoHistoriesOf(work.path, 'sentinel')).to.include({ file });
  });

  it('trouble of an earlier run is forgotten when it is brought up anew', async () => {
    await noteAttempt(work.path, 'lakeside', 'the peer does not answer');
    expect(await troubleOf(work.path, 'lakeside')).to.equal('the peer does not answer');
    await forgetAttempts(work.path);
    expect(await troubleOf(work.path, 'lakeside')).to.equal(undefined);
  });
});
