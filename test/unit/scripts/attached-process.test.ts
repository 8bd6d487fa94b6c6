import { runAttached } from '@consent-ledger/scripts/internal/checkpoints/attached-process';
import { identify, isRunning } from '@consent-ledger/scripts';
import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CLI } from '../../support/cli.js';
import { eventually } from '../../support/eventually.js';
import { temporaryFolder } from '../../support/temporary.js';

describe('a process that runs beside another', function () {
  this.timeout(120_000);
  const work = temporaryFolder();

  async function script(name: string, text: string): Promise<string> {
    const file = join(work.path, name);
    await writeFile(file, text);
    return file;
  }

  const run = (file: string, deadlineMs = 60_000) =>
    runAttached([file], {
      log: join(work.path, 'a.log'),
      signal: new AbortController().signal,
      deadlineMs,
    });

  it('ends with the one that started it, also where that is killed', async () => {
    const pidFile = join(work.path, 'pid');
    const child = await script(
      'stays.mjs',
      `import { writeFileSync, renameSync } from 'node:fs';
       setInterval(() => undefined, 1000);
       writeFileSync(${JSON.stringify(`${pidFile}.partial`)}, String(process.pid));
       renameSync(${JSON.stringify(`${pidFile}.partial`)}, ${JSON.stringify(pidFile)});`,
    );
    const parent = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { runAttached } from '@consent-ledger/scripts/internal/checkpoints/attached-process';
         await runAttached([${JSON.stringify(child)}], {
           log: ${JSON.stringify(join(work.path, 'b.log'))},
           signal: new AbortController().signal,
           deadlineMs: 600_000,
         });`,
      ],
      // Where the package is found by its name.
      { cwd: dirname(CLI), stdio: 'ignore' },
    );
    const ended = once(parent, 'exit');
    try {
      const pid = await eventually(async () => Number(await readFile(pidFile, 'utf8')), { withinMs: 60_000 });
      const identity = await identify(pid);
      if (identity === undefined) throw new Error('it is not there');
      expect(await isRunning(identity)).to.equal(true);
      parent.kill('SIGKILL');
      await ended;
      await eventually(
        async () => {
          expect(await isRunning(identity)).to.equal(false);
        },
        { withinMs: 60_000 },
      );
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is ended at its deadline, and that is said', async () => {
    const { code, last } = await run(await script('hangs.mjs', 'setInterval(() => undefined, 1000);'), 300);
    expect(code).to.equal(null);
    expect(last).to.match(/^it was not done within 0\.3 s and was ended; what it has read is kept/);
  });

  it('is remembered for the two histories that it found, whatever it said after that, and else for its last line', async () => {
    const line = 'ANOTHER HISTORY: LakesideMSP signed something else.';
    const more = `for (let at = 0; at < 500; at += 1) console.error('Block ' + at + ': signed by nobody yet.');
      process.exitCode = 1;`;
    expect(
      await run(await script('grave.mjs', `console.error('first'); console.error('${line}'); ${more}`)),
    ).to.deep.equal({ code: 1, last: line });
    expect(await run(await script('not-grave.mjs', more))).to.deep.equal({
      code: 1,
      last: 'Block 499: signed by nobody yet.',
    });
  });
});
