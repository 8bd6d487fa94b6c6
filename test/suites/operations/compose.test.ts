import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { findFabricHome, type FabricHome } from '@consent-ledger/network';
import { expect } from 'chai';
import { runCli, type CliResult } from '../../support/cli.js';
import { freePorts } from '../../support/free-ports.js';
import { readCompose, type ComposeFile } from '../../support/operations/compose-file.js';
import { temporaryFolder } from '../../support/temporary.js';

/*
 * There is no container engine where tests run. What a container is told (command and environment, and nothing else) is given to
 * the same programs as processes: with the host's network and files at their own paths that is all that a container has.
 */

describe('what a compose file starts, on real Fabric', function () {
  this.timeout(300_000);
  const running: ChildProcess[] = [];
  after(async () => {
    await Promise.all(running.map(end));
  });
  const folder = temporaryFolder();

  it('becomes a consortium that plays the demo', async function () {
    // FABRIC_HOME is not set: there is no Fabric to run.
    if (process.env['FABRIC_HOME'] === undefined) this.skip();
    const home = await findFabricHome();
    const dataDir = path.join(folder.path, 'consortium');
    const portBase = String(await freePorts(60));
    const cli = (...args: readonly string[]): Promise<CliResult> =>
      runCli([...args, '--data-dir', dataDir], folder.path);
    const written = await cli('compose', '--port-base', portBase, '--to', '-');
    expect(written.code, written.stderr).to.equal(0);
    const { services } = readCompose(written.stdout);
    const logs = path.join(folder.path, 'logs');
    await mkdir(logs);
    for (const [name, service] of Object.entries(services)) {
      if (name !== 'join') running.push(start(service, home, path.join(logs, name)));
    }
    const { join } = services;
    if (join === undefined) throw new Error('nothing joins the channel');
    const joining = start(join, home, path.join(logs, 'join'));
    const [code] = (await once(joining, 'exit')) as [number | null];
    expect(code).to.equal(0);

    const again = await cli('join', '--json');
    expect(again.code, again.stderr).to.equal(0);
    const { steps } = JSON.parse(again.stdout) as { steps: { state: string }[] };
    expect(new Set(steps.map(({ state }) => state))).to.deep.equal(new Set(['was done']));
    let demo = await cli('demo');
    for (let tries = 0; demo.code === 3 && tries < 60; tries++) demo = await cli('demo'); // gateways are starting
    expect(demo.code, `${demo.stdout}\n${demo.stderr}`).to.equal(0);
  });
});

function start(
  { command, environment }: ComposeFile['services'][string],
  home: FabricHome,
  log: string,
): ChildProcess {
  const [program = '', ...args] = command;
  const programs: Readonly<Record<string, string>> = {
    peer: home.peer,
    orderer: home.orderer,
    node: process.execPath,
  };
  const here = (value: string): string =>
    value
      .replaceAll('/etc/hyperledger/fabric', home.config)
      .replaceAll('/opt/hyperledger/ccaas_builder', home.ccaasBuilder);
  const output = openSync(log, 'a');
  return spawn(programs[program] ?? program, args, {
    cwd: path.dirname(log),
    env: {
      PATH: process.env['PATH'],
      ...Object.fromEntries(Object.entries(environment ?? {}).map(([name, value]) => [name, here(value)])),
    },
    stdio: ['ignore', output, output],
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exited;
  clearTimeout(late);
}
