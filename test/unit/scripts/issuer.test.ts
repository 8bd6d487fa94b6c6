import {
  fetchToken,
  issuerConfigFile,
  issuerServer,
  readIssuerConfig,
  send,
  setUpIssuer,
  type IssuerConfig,
  type IssuerMember,
} from '@consent-ledger/scripts';
import { loadTopology, makeIdentities, portPlan, servicesLayout } from '@consent-ledger/network';
import { expect } from 'chai';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from 'jose';
import { once } from 'node:events';
import { readFile, stat } from 'node:fs/promises';
import type { Server } from 'node:https';
import { fileURLToPath } from 'node:url';
import { freePorts } from '../../support/free-ports.js';
import { temporaryFolder } from '../../support/temporary.js';

const TOPOLOGY = fileURLToPath(new URL('../../../../network/topologies/demo.yaml', import.meta.url));

describe("the demo's token issuer", () => {
  const folder = temporaryFolder();
  let consortium: Parameters<typeof setUpIssuer>[0];
  let config: IssuerConfig;
  let server: Server;
  let ca: Buffer;

  before(async () => {
    const topology = await loadTopology(TOPOLOGY);
    const plan = portPlan(topology, await freePorts(60));
    consortium = { dataDir: folder.path, ledger: 'embedded', topology, plan };
    await makeIdentities(topology, folder.path);
    await setUpIssuer(consortium);
    config = await readIssuerConfig(issuerConfigFile(folder.path));
    ca = await readFile(servicesLayout(folder.path).ca.certificate);
    server = await issuerServer(config);
    server.listen(config.port, config.host);
    await once(server, 'listening');
  });
  after(() => server.close());

  const member = (name: string): IssuerMember => {
    const found = config.members.find((candidate) => candidate.name === name);
    if (!found) throw new Error(`no member ${name}`);
    return found;
  };
  const clientOf = ({ clients }: IssuerMember, id: string): IssuerMember['clients'][number] => {
    const found = clients.find((client) => client.id === id);
    if (!found) throw new Error(`no user ${id}`);
    return found;
  };
  const keysOf = async ({ issuer }: IssuerMember): Promise<ReturnType<typeof createLocalJWKSet>> => {
    const { body } = await send({ method: 'GET', url: `${issuer}/jwks`, ca });
    expect(body.toString()).to.not.contain('"d"');
    return createLocalJWKSet(JSON.parse(body.toString()) as JSONWebKeySet);
  };

  it("gives a user a token for the member's own gateway, with their roles (RFC 9068)", async () => {
    const riverside = member('riverside');
    const { token, expiresInSeconds } = await fetchToken(riverside, clientOf(riverside, 'consent-clerk'), ca);
    expect(decodeProtectedHeader(token)).to.include({ typ: 'at+jwt', alg: 'ES256' });
    const { payload } = await jwtVerify(token, await keysOf(riverside), {
      issuer: riverside.issuer,
      audience: riverside.audience,
      algorithms: ['ES256'],
    });
    expect(payload).to.deep.include({ sub: 'consent-clerk', roles: ['consent-clerk'], amr: ['pwd'] });
    expect(expiresInSeconds).to.equal(600);
  });

  it('signs for each member with a key of its own', async () => {
    const [riverside, lakeside] = [member('riverside'), member('lakeside')];
    const { token } = await fetchToken(riverside, clientOf(riverside, 'practitioner'), ca);
    const keys = await keysOf(lakeside);
    const failure = await jwtVerify(token, keys).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(failure).to.have.property('code', 'ERR_JWKS_NO_MATCHING_KEY');
  });

  it('refuses a wrong secret, a user of another member, and a token for another gateway', async () => {
    const [riverside, lakeside, sentinel] = [member('riverside'), member('lakeside'), member('sentinel')];
    const clerk = clientOf(riverside, 'consent-clerk');
    const wrong = clientOf(lakeside, 'consent-clerk');
    expect(await statusFor(riverside, clerk.id, wrong.secret)).to.equal(401);
    const auditor = clientOf(sentinel, 'auditor');
    expect(await statusFor(riverside, auditor.id, auditor.secret)).to.equal(401);
    expect(await statusFor(riverside, clerk.id, clerk.secret, lakeside.audience)).to.equal(400);
    expect(await statusFor(riverside, clerk.id, clerk.secret, riverside.audience)).to.equal(200);
  });

  it('answers 404 where no member is', async () => {
    for (const path of ['/', '/riverside', '/nobody/token', '//riverside/token', '/riverside/../lakeside']) {
      const { status } = await send({ method: 'GET', url: `https://127.0.0.1:${config.port}${path}`, ca });
      expect(status, path).to.equal(404);
    }
  });

  it('keeps its secrets to the owner of the file, and keeps them when it is set up again', async () => {
    const file = issuerConfigFile(folder.path);
    expect((await stat(file)).mode & 0o777).to.equal(0o600);
    const before = await readFile(file, 'utf8');
    await setUpIssuer(consortium);
    expect(await readFile(file, 'utf8')).to.equal(before);
  });

  async function statusFor(
    { issuer }: IssuerMember,
    id: string,
    secret: string,
    resource?: string,
  ): Promise<number> {
    const { status } = await send({
      method: 'POST',
      url: `${issuer}/token`,
      ca,
      headers: {
        authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        ...(resource === undefined ? {} : { resource }),
      }).toString(),
    });
    return status;
  }
});
