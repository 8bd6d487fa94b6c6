import { expect } from 'chai';
import { OPERATIONS, ROLES, type Operation } from '@consent-ledger/chaincode/wire/http';
import type { TestMember } from './support/consortium.js';
import type { TokenOverrides } from './support/issuer.js';
import { expectOutcome } from './support/fhir.js';
import { expectProblem } from './support/problems.js';
import { PATIENCE_MS, sharedConsortium, sharedMembers, type Members } from './support/shared.js';

const now = (): number => Math.floor(Date.now() / 1000);

describe('a route is open to those who have a role for it, and to nobody else', function () {
  this.timeout(PATIENCE_MS);
  let members: Members;

  before(async () => {
    members = await sharedMembers();
  });

  const guarded = (Object.entries(OPERATIONS) as [string, Operation][]).filter(
    ([, { caller }]) => typeof caller !== 'string',
  );

  for (const [name, operation] of guarded) {
    const path = operation.path
      .replace('{id}', 'some-id')
      .replace('{jti}', 'a'.repeat(22))
      .replace('{release}', 'r4')
      .replace('{version}', '1');
    const expectRefusal = operation.speaks === 'fhir' ? expectOutcome : expectProblem;
    const method = operation.method.toUpperCase() as 'GET' | 'POST' | 'PUT';

    const at = (): TestMember => (operation.at === 'sponsor' ? members.novacure : members.riverside);

    it(`${name}: no token, no entry`, async () => {
      const answer = await at().call(method, path);
      expectRefusal(answer, 401, 'token-missing');
      expect(answer.headers['www-authenticate']).to.match(/^Bearer/);
    });

    it(`${name}: every role that is not in the table is refused`, async () => {
      const others = ROLES.filter((role) => !(operation.caller as readonly string[]).includes(role));
      for (const role of [...others, 'no-such-role']) {
        const token = await at().token('somebody', [role]);
        expectRefusal(await at().call(method, path, { token }), 403, 'role-missing', role);
      }
    });
  }

  it('takes no token but a whole one of its own issuer, for itself, in time', async () => {
    const { riverside, lakeside } = members;
    const settings = riverside.configuration.tokens;
    const wrong: Record<string, TokenOverrides> = {
      'another issuer': { payload: { iss: lakeside.configuration.tokens.issuer } },
      'another audience': { payload: { aud: lakeside.configuration.tokens.audience } },
      'no audience': { payload: { aud: undefined } },
      expired: { payload: { exp: now() - 60 } },
      'without an end': { payload: { exp: undefined } },
      'not yet valid': { payload: { nbf: now() + 600 } },
      'without a subject': { payload: { sub: undefined } },
      'of another type': { header: { typ: 'JWT' } },
      'of no type': { header: { typ: undefined } },
      'under a foreign key': { foreignKey: true },
      'under an unknown key id': { header: { kid: 'issuer-2' } },
      'roles that are no list': { payload: { roles: 'records-clerk' } },
      'roles that are no words': { payload: { roles: ['records-clerk', { admin: true }] } },
    };
    for (const [name, overrides] of Object.entries(wrong)) {
      const token = await riverside.token('clerk', ['admin'], overrides);
      expectProblem(await riverside.call('GET', '/v1/ledger', { token }), 401, 'token-invalid', name);
    }
    const good = await riverside.token('clerk', ['admin']);
    expect((await riverside.call('GET', '/v1/ledger', { token: good })).status).to.equal(200);
    const [header, payload, signature] = good.split('.') as [string, string, string];
    const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as object;
    const forged = [
      `${encode({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      `${encode({ alg: 'HS256', typ: 'at+jwt', kid: 'issuer-1' })}.${payload}.${signature}`,
      `${header}.${encode({ ...claims, roles: ['auditor'] })}.${signature}`,
      `${header}.${payload}`,
      'x',
      `${'a'.repeat(9000)}.${payload}.${signature}`,
    ];
    for (const token of forged) {
      expectProblem(await riverside.call('GET', '/v1/ledger', { token }), 401, 'token-invalid');
    }
    for (const scheme of ['Basic', 'Token', '']) {
      const headers = { authorization: `${scheme} ${good}` };
      expectProblem(await riverside.call('GET', '/v1/ledger', { headers }), 401, 'token-invalid', scheme);
    }
    expect(settings.issuer).not.to.equal(lakeside.configuration.tokens.issuer);
  });

  it('does not let a flood of unknown keys reach the issuer', async () => {
    const { issuer } = await sharedConsortium();
    const before = issuer.fetches;
    for (let count = 0; count < 20; count += 1) {
      const token = await members.riverside.token('clerk', ['admin'], { header: { kid: `guess-${count}` } });
      await members.riverside.call('GET', '/v1/ledger', { token });
    }
    expect(issuer.fetches - before).to.be.at.most(1);
  });
});
