import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identify, openLogFile, takeLock } from '@consent-ledger/scripts';
import { expect } from 'chai';
import { temporaryFolder } from '../../support/temporary.js';

describe('lock of a data folder', () => {
  const folder = temporaryFolder();

  it('is had by one at a time', async () => {
    const file = join(folder.path, 'one');
    const first = await takeLock(file);
    if (!('release' in first)) throw new Error('not taken');
    expect(await takeLock(file)).to.deep.equal({ holder: await identify(process.pid) });
    first.release();
    const second = await takeLock(file);
    expect(second).to.have.property('release');
  });

  it('is taken over from a process that no longer runs', async () => {
    const file = join(folder.path, 'stale');
    await writeFile(file, JSON.stringify({ pid: process.pid, started: 'another boot/1' }));
    expect(await takeLock(file)).to.have.property('release');
    expect(JSON.parse(await readFile(file, 'utf8'))).to.deep.equal(await identify(process.pid));
  });

  it('that is damaged is not broken by guessing', async () => {
    const file = join(folder.path, 'damaged');
    await writeFile(file, '{"pid":');
    const failure = await takeLock(file).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(String(failure)).to.contain('is damaged');
  });
});

describe('log of a process', () => {
  const folder = temporaryFolder();

  it('is moved aside before it grows beyond its limit, and loses no line by that', async () => {
    const file = join(folder.path, 'ledger.log');
    const log = openLogFile(file, () => undefined, 100);
    for (let line = 0; line < 5; line += 1) log.write(Buffer.from(`${'x'.repeat(30)} ${line}\n`));
    log.close();
    const texts = await Promise.all([`${file}.1`, file].map((name) => readFile(name, 'utf8')));
    expect(texts.join('').match(/ \d$/gm)).to.deep.equal([' 0', ' 1', ' 2', ' 3', ' 4']);
    expect((await stat(file)).size).to.be.at.most(100);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
  });

  it('remembers the last lines', () => {
    const log = openLogFile(join(folder.path, 'short.log'), () => undefined);
    log.write(Buffer.from('one\ntwo\nthr'));
    log.write(Buffer.from('ee\n'));
    expect(log.lastLines(2)).to.deep.equal(['two', 'three']);
    log.close();
  });
});
