import {
  IdentityError,
  loadIdentities,
  loadOrganisation,
  makeIdentities,
  organisationLayout,
  servicesLayout,
} from '@consent-ledger/network';
import { derChildren, readDer } from '@consent-ledger/network/internal/wire-format/der';
import { isLowS } from '@consent-ledger/network/internal/wire-format/ecdsa';
import { expect } from 'chai';
import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/temporary.js';
import { demo } from './consortium.js';

const KEY_FILE = /\.(key|private\.json)$|keystore\/.*\.pem$/;

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function snapshot(folder: string): Promise<Record<string, string>> {
  const files = await filesBelow(folder);
  const hashes = await Promise.all(
    files.map(
      async (file) =>
        [
          file,
          createHash('sha256')
            .update(await readFile(file))
            .digest('hex'),
        ] as const,
    ),
  );
  return Object.fromEntries(hashes);
}

/** The rejection of a promise, which must be an IdentityError. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof IdentityError) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

function certificates(pem: string): X509Certificate[] {
  return (pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? []).map(
    (one) => new X509Certificate(one),
  );
}

/** The signature of a certificate: its third element, a BIT STRING without unused bits (RFC 5280, 4.1). */
function signatureOf(certificate: X509Certificate): Buffer {
  const [, , signature] = derChildren(readDer(certificate.raw).content);
  if (signature?.tag !== 0x03 || signature.content[0] !== 0)
    throw new Error('no signature where one must be');
  return signature.content.subarray(1);
}

describe('the identities of a consortium', function () {
  const folder = temporaryFolder();
  const topology = demo([
    'displayName: Lakeside Clinic',
    'displayName: Lakeside Clinic\n    host: lakeside.example.org\n    extraHosts: [10.0.0.7]',
  ]);
  const now = new Date();

  before(async () => {
    expect(await makeIdentities(topology, folder.path, now)).to.equal(true);
  });

  it('keep every private key to its owner, whatever the umask', async () => {
    const keys = (await filesBelow(folder.path)).filter((file) => KEY_FILE.test(file));
    // 4 organisations: 2 CAs, 4 identities, 3 + 1 + 1 + 1 TLS, 2 application keys; services: CA, issuer, chaincode.
    expect(keys).to.have.length(4 * 14 + 3);
    for (const file of keys) {
      expect((await stat(file)).mode & 0o777, file).to.equal(0o600);
      expect((await stat(join(file, '..'))).mode & 0o777, file).to.equal(0o700);
    }
    for (const file of (await filesBelow(folder.path)).filter((one) => !KEY_FILE.test(one))) {
      expect(await readFile(file, 'utf8'), file).not.to.match(/PRIVATE KEY|"d":/);
    }
  });

  it('have the MSP folders that Fabric reads', async () => {
    const { peer } = organisationLayout(folder.path, 'riverside');
    expect(await filesBelow(peer.identity.mspDir)).to.deep.equal(
      ['cacerts/ca.pem', 'config.yaml', 'keystore/key.pem', 'signcerts/cert.pem', 'tlscacerts/tlsca.pem'].map(
        (file) => join(peer.identity.mspDir, file),
      ),
    );
    expect(await readFile(join(peer.identity.mspDir, 'config.yaml'), 'utf8')).to.equal(
      'NodeOUs:\n  Enable: true\n' +
        ['Client', 'Peer', 'Admin', 'Orderer']
          .map((role) => `  ${role}OUIdentifier:\n    OrganizationalUnitIdentifier: ${role.toLowerCase()}\n`)
          .join(''),
    );
    const { mspDir } = organisationLayout(folder.path, 'riverside');
    expect((await filesBelow(mspDir)).filter((file) => KEY_FILE.test(file))).to.deep.equal([]);
  });

  it('carry exactly one role, and chain to their own CA alone', async () => {
    const { organisations } = await loadIdentities(topology, folder.path);
    for (const own of organisations) {
      const roles = { peer: own.peer, orderer: own.orderer, admin: own.admin, client: own.gatewayClient };
      for (const [role, { identity }] of Object.entries(roles)) {
        const certificate = new X509Certificate(identity.certificatePem);
        expect(certificate.subject.split('\n').filter((part) => part.startsWith('OU='))).to.deep.equal([
          `OU=${role}`,
        ]);
        for (const other of organisations) {
          const ca = new X509Certificate(other.caPem);
          expect(certificate.checkIssued(ca) && certificate.verify(ca.publicKey)).to.equal(other === own);
        }
        expect(certificate.verify(new X509Certificate(own.tlsCaPem).publicKey)).to.equal(false);
        expect(certificate.ca).to.equal(false);
        // An extended key usage without serverAuth would fail in Fabric; these have none.
        expect(certificate.keyUsage).to.equal(undefined);
        expect(createPrivateKey(identity.keyPem).asymmetricKeyDetails).to.deep.equal({
          namedCurve: 'prime256v1',
        });
        expect(identity.keyPem).to.match(/^-----BEGIN PRIVATE KEY-----\n/);
      }
    }
  });

  it('start a little in the past, never before their CA, and end with it at the latest', async () => {
    for (const file of (await filesBelow(folder.path)).filter((one) =>
      /\/(server|client)\.crt$|signcerts/.test(one),
    )) {
      const leaf = new X509Certificate(await readFile(file));
      const issuer = await issuerOf(leaf, folder.path);
      expect(leaf.validFromDate.getTime(), file).to.be.lessThan(now.getTime());
      expect(leaf.validFromDate.getTime(), file).to.be.greaterThan(now.getTime() - 3_600_000);
      // Fabric judges the chain one second after the leaf begins.
      expect(issuer.validFromDate.getTime(), file).to.be.at.most(leaf.validFromDate.getTime());
      expect(leaf.validToDate.getTime(), file).to.be.at.most(issuer.validToDate.getTime());
    }
  });

  it('are signed with a low S, so that Fabric need not rewrite them, and have serial numbers of their own', async () => {
    const all = (
      await Promise.all(
        (await filesBelow(folder.path))
          .filter((one) => /\.(crt|pem)$/.test(one))
          .map((file) => readFile(file, 'utf8')),
      )
    ).flatMap(certificates);
    expect(all.length).to.be.greaterThan(50);
    for (const certificate of all) expect(isLowS(signatureOf(certificate), 'prime256v1')).to.equal(true);
    const bytes = new Map(all.map((certificate) => [certificate.serialNumber, certificate.fingerprint256]));
    expect(new Set(all.map((certificate) => certificate.fingerprint256)).size).to.equal(bytes.size);
  });

  it('let TLS servers be reached under the names of the topology and of this machine', async () => {
    const { peer, orderer, chaincode, gateway } = await loadOrganisation(folder.path, {
      name: 'lakeside',
      mspId: 'LakesideMSP',
    });
    const { issuer } = servicesLayout(folder.path);
    const lakeside = [peer.tls, orderer.tls, chaincode.tls, gateway.tls].map(
      ({ certificatePem }) => new X509Certificate(certificatePem),
    );
    for (const certificate of lakeside) {
      expect(certificate.checkHost('localhost')).to.equal('localhost');
      expect(certificate.checkHost('lakeside.example.org')).to.equal('lakeside.example.org');
      for (const address of ['127.0.0.1', '::1', '10.0.0.7'])
        expect(certificate.checkIP(address)).to.equal(address);
      expect(certificate.checkHost('riverside.example.org')).to.equal(undefined);
      // serverAuth and clientAuth
      expect(certificate.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
    }
    expect(new X509Certificate(await readFile(issuer.tls.certificate)).checkIP('127.0.0.1')).to.equal(
      '127.0.0.1',
    );
  });

  it('include application keys whose id is their RFC 7638 thumbprint', async () => {
    const { gateway, paths } = await loadOrganisation(folder.path, {
      name: 'riverside',
      mspId: 'RiversideMSP',
    });
    expect([gateway.signing.use, gateway.signing.alg]).to.deep.equal(['sig', 'ES256']);
    expect([gateway.encryption.use, gateway.encryption.alg]).to.deep.equal(['enc', 'ECDH-ES+A256KW']);
    const { crv, kty, x, y, kid } = gateway.signing;
    expect(kid).to.equal(
      createHash('sha256')
        .update(`{"crv":"${crv}","kty":"${kty}","x":"${x}","y":"${y}"}`)
        .digest('base64url'),
    );
    expect(gateway.encryption.kid).not.to.equal(kid);
    const secret = JSON.parse(await readFile(paths.gateway.signing.privateJwk, 'utf8')) as Record<
      string,
      string
    >;
    expect(secret).to.deep.include({ ...gateway.signing });
    expect(secret).to.have.property('d').with.length(43);
  });

  it('are kept as they are when they are made again', async () => {
    const before = await snapshot(folder.path);
    expect(await makeIdentities(topology, folder.path)).to.equal(false);
    expect(await snapshot(folder.path)).to.deep.equal(before);
  });

  it('are finished, from the same CA, when only a part of them is there', async () => {
    const { peer, gateway } = organisationLayout(folder.path, 'novacure');
    const kept = await snapshot(gateway.directory);
    await rm(peer.directory, { recursive: true });
    // What an interrupted start leaves behind.
    const leftover = join(peer.directory, '..', '.peer0.0123456789ab.tmp');
    await mkdir(leftover, { recursive: true });
    await writeFile(join(leftover, 'half'), '-----BEGIN');
    expect(await makeIdentities(topology, folder.path)).to.equal(true);
    await loadOrganisation(folder.path, { name: 'novacure', mspId: 'NovacureMSP' });
    expect(await snapshot(gateway.directory)).to.deep.equal(kept);
    expect(await readdir(join(peer.directory, '..'))).to.deep.equal(['peer0']);
  });

  describe('are refused', () => {
    const lakeside = { name: 'lakeside', mspId: 'LakesideMSP' };
    const load = (): Promise<unknown> => loadOrganisation(folder.path, lakeside);

    it('when others can read a private key', async () => {
      const { key } = organisationLayout(folder.path, 'lakeside').peer.identity;
      await chmod(key, 0o640);
      expect(await refusal(load()))
        .to.include(key)
        .and.to.include('mode 640');
      await chmod(key, 0o600);
      await load();
    });

    it('when a key belongs to another certificate', async () => {
      const { peer, orderer } = organisationLayout(folder.path, 'lakeside');
      const original = await readFile(peer.identity.key);
      await writeFile(peer.identity.key, await readFile(orderer.identity.key));
      expect(await refusal(load())).to.include('is not the key of');
      await writeFile(peer.identity.key, original);
    });

    it('when a certificate is of another CA', async () => {
      const own = organisationLayout(folder.path, 'lakeside').admin.identity;
      const foreign = organisationLayout(folder.path, 'riverside').admin.identity;
      const original = [await readFile(own.certificate), await readFile(own.key)] as const;
      await writeFile(own.certificate, await readFile(foreign.certificate));
      await writeFile(own.key, await readFile(foreign.key));
      expect(await refusal(load())).to.include('was not issued by');
      await writeFile(own.certificate, original[0]);
      await writeFile(own.key, original[1]);
    });

    it('when a public JWK was exchanged', async () => {
      const { signing, encryption } = organisationLayout(folder.path, 'lakeside').gateway;
      const original = await readFile(signing.publicJwk);
      await writeFile(signing.publicJwk, await readFile(encryption.publicJwk));
      expect(await refusal(load())).to.include('does not belong to');
      await writeFile(signing.publicJwk, original);
    });

    it('when they have expired, with the date', async () => {
      await makeIdentities(topology, join(folder.path, 'old'), new Date(Date.now() - 731 * 86_400_000));
      expect(await refusal(loadOrganisation(join(folder.path, 'old'), lakeside))).to.match(
        /expired on \d{4}-\d\d-\d\dT/,
      );
    });

    it('when a CA is lost: no new one takes its place', async () => {
      const { ca } = organisationLayout(folder.path, 'lakeside');
      await rename(ca.directory, `${ca.directory}.away`);
      expect(await refusal(makeIdentities(topology, folder.path))).to.include(`${ca.directory} is missing`);
      await rename(`${ca.directory}.away`, ca.directory);
      await load();
    });
  });
});

async function issuerOf(leaf: X509Certificate, root: string): Promise<X509Certificate> {
  for (const file of (await filesBelow(root)).filter((one) => one.endsWith('/ca.crt'))) {
    const ca = new X509Certificate(await readFile(file));
    if (leaf.checkIssued(ca) && leaf.verify(ca.publicKey)) return ca;
  }
  throw new Error(`nobody issued ${leaf.subject}`);
}
