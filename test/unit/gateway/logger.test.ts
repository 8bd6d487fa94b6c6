import { expect } from 'chai';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../../support/logging-process.js', import.meta.url));

interface Line {
  readonly event: string;
  readonly count?: number;
}

/** What a process has logged of which nobody read anything until it had logged it all. */
async function readAfter(lines: number): Promise<Line[]> {
  const child = fork(SCRIPT, [`${lines}`, '600000'], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  try {
    const [said] = (await once(child, 'message')) as [string];
    expect(said).to.equal('logged');
    if (child.stderr === null) throw new Error('there is no log');
    const read = text(child.stderr);
    child.send('end');
    const written = await read;
    return written
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Line);
  } finally {
    child.kill('SIGKILL');
  }
}

function countsOf(lines: readonly Line[], event: string): number[] {
  return lines.filter((line) => line.event === event).map(({ count }) => count ?? 0);
}

describe('a log that nobody reads', () => {
  it('holds up nobody, and has every line when it is read, the last one too', async () => {
    // Some twenty times what a pipe takes.
    const lines = await readAfter(15_000);
    expect(countsOf(lines, 'made')).to.deep.equal(Array.from({ length: 15_000 }, (_, nth) => nth + 1));
    expect(lines.at(-1)?.event).to.equal('last');
  });

  it('takes no more memory than it may, and says how many lines that cost', async () => {
    const lines = await readAfter(150_000);
    const made = countsOf(lines, 'made');
    const dropped = countsOf(lines, 'log.dropped').reduce((sum, count) => sum + count, 0);
    expect(made.length).to.be.lessThan(150_000);
    expect(made).to.deep.equal(Array.from({ length: made.length }, (_, nth) => nth + 1));
    const last = countsOf(lines, 'last').length;
    expect(made.length + dropped + last).to.equal(150_001);
  });

  it('does not keep a process that is to end', async () => {
    const child = fork(SCRIPT, ['15000', '100'], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    await once(child, 'message');
    const ended = once(child, 'exit');
    child.send('end');
    expect(await ended).to.deep.equal([null, 'SIGKILL']);
  });
});
