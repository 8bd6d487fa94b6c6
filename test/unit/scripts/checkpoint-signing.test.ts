import { memberLayout } from '@consent-ledger/network';
import { signDue } from '@consent-ledger/scripts';
import { lastSigned } from '@consent-ledger/scripts/internal/checkpoints/signed-so-far';
import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
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
});
