import { MspManager } from '@consent-ledger/network/internal/embedded/msp/msp-manager';
import { ImplicitMetaPolicy } from '@consent-ledger/network/internal/embedded/policy/implicit-meta';
import { minimalLayouts } from '@consent-ledger/network/internal/embedded/policy/layouts';
import type { Policy } from '@consent-ledger/network/internal/embedded/policy/policy';
import { SignaturePolicy } from '@consent-ledger/network/internal/embedded/policy/signature-policy';
import { validIdentities } from '@consent-ledger/network/internal/embedded/policy/valid-identities';
import type { MspIdentity } from '@consent-ledger/network/internal/embedded/msp/identity';
import { common, msp } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import fc from 'fast-check';
import { makeAuthority, makeMsp, type TestIdentity } from './support/authority.js';

const ORGS = ['A', 'B', 'C', 'D'] as const;
type Org = (typeof ORGS)[number];
type RoleName = 'member' | 'peer' | 'admin' | 'client';

const ROLES = {
  member: msp.MSPRole.MSPRoleType.MEMBER,
  peer: msp.MSPRole.MSPRoleType.PEER,
  admin: msp.MSPRole.MSPRoleType.ADMIN,
  client: msp.MSPRole.MSPRoleType.CLIENT,
};

/** `A.peer`, or a gate over others. */
type Rule = `${Org}.${RoleName}` | { readonly n: number; readonly of: readonly Rule[] };

const outOf = (n: number, ...of: readonly Rule[]): Rule => ({ n, of });
const and = (...of: readonly Rule[]): Rule => outOf(of.length, ...of);
const or = (...of: readonly Rule[]): Rule => outOf(1, ...of);

function policy(rule: Rule): Policy {
  const principals: string[] = [];
  const convert = (part: Rule): common.SignaturePolicy => {
    const message = new common.SignaturePolicy();
    if (typeof part === 'string') {
      if (!principals.includes(part)) principals.push(part);
      message.setSignedBy(principals.indexOf(part));
    } else {
      const gate = new common.SignaturePolicy.NOutOf();
      gate.setN(part.n);
      gate.setRulesList(part.of.map(convert));
      message.setNOutOf(gate);
    }
    return message;
  };
  const envelope = new common.SignaturePolicyEnvelope();
  envelope.setRule(convert(rule));
  envelope.setIdentitiesList(
    principals.map((text) => {
      const [org = '', name] = text.split('.');
      const role = new msp.MSPRole();
      role.setMspIdentifier(org);
      role.setRole(ROLES[name as RoleName]);
      const principal = new msp.MSPPrincipal();
      principal.setPrincipalClassification(msp.MSPPrincipal.Classification.ROLE);
      principal.setPrincipal(role.serializeBinary());
      return principal;
    }),
  );
  return new SignaturePolicy(envelope.serializeBinary());
}

describe('policies', () => {
  const identities = new Map<string, { identity: MspIdentity; issued: TestIdentity }>();
  let manager: MspManager;

  before(async () => {
    const msps = [];
    for (const org of ORGS) {
      const root = await makeAuthority(`ca of ${org}`);
      const own = makeMsp(org, { roots: [root] });
      msps.push(own);
      for (const name of ['peer', 'peer2', 'admin', 'client']) {
        const issued = await root.issue({ units: [name.replace('2', '')] });
        identities.set(`${org}.${name}`, { identity: own.deserialize(issued.pem), issued });
      }
    }
    manager = new MspManager(msps);
  });

  const who = (...names: readonly string[]): MspIdentity[] =>
    names.map((name) => {
      const found = identities.get(name);
      if (found === undefined) throw new Error(`nobody is ${name}`);
      return found.identity;
    });
  const holds = (of: Policy, ...names: readonly string[]): boolean => of.refusal(who(...names)) === undefined;

  // Rule, signers in order, outcome. Signatures are consumed left to right without backtracking.
  const table: readonly (readonly [string, Rule, readonly string[], boolean])[] = [
    ['one of two', or('A.peer', 'B.peer'), ['B.peer'], true],
    ['the wrong role', or('A.peer', 'B.peer'), ['A.admin'], false],
    ['both of two', and('A.peer', 'B.peer'), ['B.peer', 'A.peer'], true],
    ['one is not both', and('A.peer', 'B.peer'), ['A.peer'], false],
    ['a majority', outOf(2, 'A.peer', 'B.peer', 'C.peer'), ['C.peer', 'A.peer'], true],
    ['no majority', outOf(2, 'A.peer', 'B.peer', 'C.peer'), ['C.peer', 'D.peer'], false],
    ['nothing asked', outOf(0), [], true],
    ['more asked than there are rules', outOf(2, 'A.peer'), ['A.peer'], false],
    ['a signature counts once', and('A.member', 'A.member'), ['A.peer'], false],
    ['two of one organisation', and('A.peer', 'A.peer'), ['A.peer', 'A.peer2'], true],
    [
      'member takes the peer away, the admin is no peer',
      and('A.member', 'A.peer'),
      ['A.peer', 'A.admin'],
      false,
    ],
    ['in the other order both are satisfied', and('A.member', 'A.peer'), ['A.admin', 'A.peer'], true],
    ['a failed gate gives back what it took', or(and('A.peer', 'B.peer'), 'A.peer'), ['A.peer'], true],
    [
      'a gate takes what a later rule would need',
      and(or('A.member'), and('A.peer', 'B.peer')),
      ['A.peer', 'B.peer'],
      false,
    ],
    ['nested', and('A.peer', or('B.peer', 'C.peer')), ['C.peer', 'A.peer'], true],
    ['nested, the second half missing', and('A.peer', or('B.peer', 'C.peer')), ['A.peer', 'D.peer'], false],
  ];
  for (const [what, rule, signers, expected] of table) {
    it(`${expected ? 'accept' : 'refuse'}: ${what}`, () => {
      expect(holds(policy(rule), ...signers)).to.equal(expected);
    });
  }

  it('refuse to compile a principal that is not there', () => {
    const envelope = new common.SignaturePolicyEnvelope();
    const rule = new common.SignaturePolicy();
    rule.setSignedBy(3);
    envelope.setRule(rule);
    expect(() => new SignaturePolicy(envelope.serializeBinary())).to.throw(/out of range/);
    envelope.setVersion(1);
    expect(() => new SignaturePolicy(envelope.serializeBinary())).to.throw(/version/);
  });

  it('count implicit meta rules over groups; a group without the policy rejects', () => {
    const accept: Policy = { refusal: () => undefined };
    const reject: Policy = { refusal: () => 'no' };
    const { ANY, ALL, MAJORITY } = common.ImplicitMetaPolicy.Rule;
    const evaluate = (rule: number, ...subPolicies: readonly (Policy | undefined)[]): boolean => {
      const message = new common.ImplicitMetaPolicy();
      message.setRule(rule as 0 | 1 | 2);
      message.setSubPolicy('Writers');
      return new ImplicitMetaPolicy(message.serializeBinary(), () => subPolicies).refusal([]) === undefined;
    };
    for (const rule of [ANY, ALL, MAJORITY]) expect(evaluate(rule)).to.equal(true);
    expect(evaluate(ANY, reject, accept)).to.equal(true);
    expect(evaluate(ANY, reject, undefined)).to.equal(false);
    expect(evaluate(ALL, accept, accept)).to.equal(true);
    expect(evaluate(ALL, accept, undefined)).to.equal(false);
    expect(evaluate(MAJORITY, accept, accept, reject, reject)).to.equal(false);
    expect(evaluate(MAJORITY, accept, accept, accept, reject)).to.equal(true);
    expect(evaluate(MAJORITY, accept, accept, reject)).to.equal(true);
    expect(evaluate(MAJORITY, accept, undefined)).to.equal(false);
  });

  it('see each identity once, and only with a signature that verifies', () => {
    const data = Buffer.from('data');
    const signed = (name: string, over = data) => {
      const signer = identities.get(name)?.issued.signer(name.slice(0, 1));
      if (signer === undefined) throw new Error(name);
      return { data, identity: signer.serializedIdentity, signature: signer.sign(over) };
    };
    const of = (...all: ReturnType<typeof signed>[]): string[] =>
      validIdentities(manager, all).map(({ mspId }) => mspId);
    expect(of(signed('A.peer'), signed('B.peer'), signed('A.peer'))).to.deep.equal(['A', 'B']);
    expect(of(signed('A.peer', Buffer.from('other')), signed('B.peer'))).to.deep.equal(['B']);
    expect(of(signed('A.peer', Buffer.from('other')), signed('A.peer'))).to.deep.equal(['A']);
    expect(of({ data, identity: Buffer.from('garbage'), signature: data }, signed('B.peer'))).to.deep.equal([
      'B',
    ]);
  });

  describe('lay out who has to endorse', () => {
    const layouts = (...policies: readonly Policy[]): readonly (readonly string[])[] =>
      minimalLayouts(policies, new Map(ORGS.map((org) => [org, who(`${org}.peer`)[0] ?? never()])));

    it('in minimal sets, the smallest first', () => {
      expect(layouts(policy(or('A.peer', and('B.peer', 'C.peer'))))).to.deep.equal([['A'], ['B', 'C']]);
      expect(layouts(policy(outOf(3, 'A.peer', 'B.peer', 'C.peer', 'D.peer')))).to.deep.equal([
        ['A', 'B', 'C'],
        ['A', 'B', 'D'],
        ['A', 'C', 'D'],
        ['B', 'C', 'D'],
      ]);
    });
    it('that satisfy all of several policies', () => {
      expect(
        layouts(policy(and('A.peer', or('B.peer', 'C.peer'))), policy(or('B.peer', 'D.peer'))),
      ).to.deep.equal([
        ['A', 'B'],
        ['A', 'C', 'D'],
      ]);
    });
    it('of which there are none when no peer can satisfy it', () => {
      expect(layouts(policy(and('A.peer', 'B.admin')))).to.deep.equal([]);
      expect(layouts(policy(outOf(0)))).to.deep.equal([[]]);
    });

    it('so that each set satisfies and no part of it does', () => {
      const leaf = fc.constantFrom(...ORGS).map((org): Rule => `${org}.peer`);
      const { rule } = fc.letrec<{ rule: Rule }>((tie) => ({
        rule: fc.oneof(
          { maxDepth: 2 },
          leaf,
          fc
            .array(tie('rule'), { minLength: 1, maxLength: 4 })
            .chain((of) => fc.integer({ min: 1, max: of.length }).map((n): Rule => ({ n, of }))),
        ),
      }));
      fc.assert(
        fc.property(rule, (generated) => {
          const compiled = policy(generated);
          for (const layout of layouts(compiled)) {
            expect(holds(compiled, ...layout.map((org) => `${org}.peer`))).to.equal(true);
            for (const left of layout) {
              const rest = layout.filter((org) => org !== left).map((org) => `${org}.peer`);
              expect(holds(compiled, ...rest)).to.equal(false);
            }
          }
        }),
        { numRuns: 100 },
      );
    });
  });
});

function never(): never {
  throw new Error('cannot be');
}
