import {
  dataLayout,
  ledgerId,
  memberLayout,
  packageFile,
  portPlan,
  prepareConsortium,
  type PreparedConsortium,
} from '@consent-ledger/network';
import { parseConfiguration } from '@consent-ledger/gateway';
import { gzip, tar } from '@consent-ledger/network/internal/channel/archive';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { temporaryFolder } from '../../support/temporary.js';
import { demo } from './consortium.js';

/** The files of a tar archive, read as POSIX says and not as it was written. */
function untar(archive: Buffer): Record<string, Buffer> {
  const files: Record<string, Buffer> = {};
  for (let at = 0; archive[at] !== 0;) {
    const text = (offset: number, length: number): string =>
      archive.toString('ascii', at + offset, at + offset + length).replace(/[\0 ].*$/s, '');
    const header = Buffer.from(archive.subarray(at, at + 512));
    header.fill(' ', 148, 156);
    expect(Number.parseInt(text(148, 8), 8)).to.equal(header.reduce((sum, byte) => sum + byte, 0));
    expect([text(257, 6), text(156, 1), text(136, 12)]).to.deep.equal(['ustar', '0', '00000000000']);
    const size = Number.parseInt(text(124, 12), 8);
    files[text(0, 100)] = archive.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return files;
}

describe('a prepared data folder', () => {
  const folder = temporaryFolder();
  const topology = demo();
  const plan = portPlan(topology, 7300);
  let prepared: PreparedConsortium;

  before(async () => {
    prepared = await prepareConsortium(topology, plan, folder.path);
  });

  it('comes out the same when it is prepared again, with the same genesis block', async () => {
    const again = await prepareConsortium(topology, plan, folder.path, new Date(Date.now() + 3_600_000));
    expect(again.genesisBlock.equals(prepared.genesisBlock)).to.equal(true);
    expect(again.ledgerId).to.equal(prepared.ledgerId).and.to.equal(ledgerId(prepared.genesisBlock));
    expect(again.chaincodeServers).to.deep.equal(prepared.chaincodeServers);
  });

  it('is finished after a crash between any two parts of it', async () => {
    const root = join(folder.path, 'crashed');
    const layout = dataLayout(root);
    const first = await prepareConsortium(topology, plan, root);
    await rm(layout.collections);
    await rm(layout.packages, { recursive: true });
    await rm(layout.members, { recursive: true });
    await mkdir(`${layout.channel}/../.channel.0123456789ab.tmp`);
    await writeFile(`${layout.channel}/../.channel.0123456789ab.tmp/genesis.block`, 'half');
    const again = await prepareConsortium(topology, plan, root);
    expect(again.ledgerId).to.equal(first.ledgerId);
    expect(await readdir(layout.members)).to.have.members(['riverside', 'lakeside', 'novacure', 'sentinel']);
  });

  for (const name of ['riverside', 'lakeside', 'novacure', 'sentinel']) {
    it(`gives the gateway of ${name} a configuration that it accepts, with files that exist`, async () => {
      const { configuration: file, directory } = memberLayout(folder.path, name);
      const { configuration, own } = parseConfiguration(JSON.parse(await readFile(file, 'utf8')), directory);
      expect(own.name).to.equal(name);
      expect(configuration.ledger.id).to.equal(prepared.ledgerId);
      expect(own.gateway).to.equal(`https://127.0.0.1:${configuration.listen.port}`);
      expect(configuration.tokens).to.include({
        audience: own.gateway,
        issuer: `https://127.0.0.1:7300/${name}`,
      });
      expect(configuration.members.map((member) => member.mspId)).to.deep.equal(
        topology.organisations.map(({ mspId }) => mspId),
      );
      const { ledger, keys, listen, tokens } = configuration;
      const secrets = [
        ledger.privateKey,
        ledger.admin?.privateKey,
        keys.signing,
        keys.encryption,
        listen.privateKey,
      ];
      for (const path of secrets) expect((await stat(path ?? '')).mode & 0o777, path).to.equal(0o600);
      const others = [ledger.certificate, ledger.peer.tlsCa, listen.certificate, tokens.tlsCa];
      for (const path of [...others, ...configuration.members.map(({ tlsCa }) => tlsCa)]) {
        expect((await stat(path ?? '')).isFile(), path).to.equal(true);
      }
      expect((await stat(configuration.dataDirectory)).mode & 0o777).to.equal(0o700);
    });
  }

  it('has one chaincode package on the embedded ledger, without any private key', async () => {
    const [server, more] = prepared.chaincodeServers;
    expect(more).to.equal(undefined);
    const bytes = await readFile(packageFile(folder.path, 'shared'));
    expect(server?.package.id).to.equal(
      `consent-ledger_0.1.0:${createHash('sha256').update(bytes).digest('hex')}`,
    );
    expect(server?.environment).to.deep.include({
      CHAINCODE_ID: server?.package.id,
      CHAINCODE_SERVER_ADDRESS: '127.0.0.1:7301',
    });
    const files = untar(gunzipSync(bytes));
    expect(JSON.parse(String(files['metadata.json']))).to.deep.equal({
      path: '',
      type: 'ccaas',
      label: 'consent-ledger_0.1.0',
    });
    const code = untar(gunzipSync(files['code.tar.gz'] ?? Buffer.alloc(0)));
    expect(JSON.parse(String(code['connection.json']))).to.deep.equal({
      address: '127.0.0.1:7301',
      dial_timeout: '10s',
      tls_required: true,
      root_cert: prepared.identities.services.caPem,
      client_auth_required: true,
    });
  });

  it('has a chaincode server of its own for every organisation on Fabric, secret as the key in its package', async () => {
    const fabric = demo(['type: embedded', 'type: raft']);
    const { chaincodeServers, identities } = await prepareConsortium(
      fabric,
      plan,
      join(folder.path, 'fabric'),
    );
    expect(new Set(chaincodeServers.map((server) => server.package.id)).size).to.equal(4);
    for (const [index, server] of chaincodeServers.entries()) {
      const own = identities.organisations[index];
      expect(server.environment).to.deep.include({
        CORE_PEER_LOCALMSPID: own?.mspId,
        CHAINCODE_TLS_CLIENT_CACERT_FILE: own?.paths.tlsCa.certificate,
      });
      const file = packageFile(join(folder.path, 'fabric'), server.name);
      expect((await stat(file)).mode & 0o777).to.equal(0o600);
      const code = untar(
        gunzipSync(untar(gunzipSync(await readFile(file)))['code.tar.gz'] ?? Buffer.alloc(0)),
      );
      expect(JSON.parse(String(code['connection.json']))).to.deep.include({
        address: server.connection.address,
        root_cert: own?.tlsCaPem,
        client_cert: own?.chaincode.peerClientTls.certificatePem,
        client_key: own?.chaincode.peerClientTls.keyPem,
      });
    }
  });
});

describe('a chaincode package', () => {
  for (const size of [0, 1, 511, 512, 513, 65_535, 65_536, 200_000]) {
    it(`holds a file of ${size} bytes`, () => {
      const content = Buffer.alloc(size, 'consent');
      const archive = gunzipSync(
        gzip(
          tar([
            { name: 'a', content },
            { name: 'b.json', content: Buffer.from('{}') },
          ]),
        ),
      );
      expect(archive.length % 512).to.equal(0);
      const files = untar(archive);
      expect(files['a']?.equals(content)).to.equal(true);
      expect(String(files['b.json'])).to.equal('{}');
    });
  }

  it('has bytes that depend on no clock, machine or version of a compressor', () => {
    const bytes = gzip(tar([{ name: 'metadata.json', content: Buffer.from('{}') }]));
    expect(createHash('sha256').update(bytes).digest('hex')).to.equal(
      '91241651edcebbcd251b4863808b195bffff3a0559ce701926a28d5c13f7ba80',
    );
  });
});
