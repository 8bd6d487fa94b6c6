import { expect } from 'chai';
import { readFile, writeFile } from 'node:fs/promises';
import { hybridJwk, thumbprintOf } from '@consent-ledger/chaincode/wire';
import {
  IdentityError,
  loadOrganisation,
  makeIdentities,
  organisationLayout,
  organisationNamed,
} from '@consent-ledger/network';
import { temporaryFolder } from '../../support/temporary.js';
import { demo } from './consortium.js';

describe('a member of which the topology says `encryptionKey: hybrid`', function () {
  this.timeout(60_000);
  const folder = temporaryFolder();
  const topology = demo(['- name: lakeside', '- name: lakeside\n    encryptionKey: hybrid']);
  const lakeside = organisationNamed(topology, 'lakeside');

  before(async () => {
    await makeIdentities(topology, folder.path);
  });

  it('has a hybrid key to receive record keys, and signs with P-256 as the others do', async () => {
    const { gateway } = await loadOrganisation(folder.path, lakeside);
    const { encryption, signing } = gateway;
    expect([encryption.kty, encryption.alg, encryption.use]).to.deep.equal(['AKP', 'HPKE-10', 'enc']);
    expect([signing.kty, signing.alg]).to.deep.equal(['EC', 'ES256']);
    const { kid, use, ...jwk } = encryption;
    expect([kid, use]).to.deep.equal([thumbprintOf(hybridJwk.parse(jwk)), 'enc']);
    const others = await loadOrganisation(folder.path, organisationNamed(topology, 'riverside'));
    expect(others.gateway.encryption.kty).to.equal('EC');
  });

  it('is refused with the private half of another key', async () => {
    const { encryption } = organisationLayout(folder.path, 'lakeside').gateway;
    const secret = JSON.parse(await readFile(encryption.privateJwk, 'utf8')) as { priv: string };
    const other = Buffer.from(secret.priv, 'base64url');
    other.reverse();
    const wrong = { ...secret, priv: other.toString('base64url') };
    await writeFile(encryption.privateJwk, JSON.stringify(wrong));
    const failure: unknown = await loadOrganisation(folder.path, lakeside).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(IdentityError);
  });
});
