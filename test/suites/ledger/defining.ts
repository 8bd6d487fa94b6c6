import type { Contract } from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { namespaceOf } from '../../support/ledger/block-view.js';
import type { Bench } from '../../support/ledger/bench.js';
import { allText, failureOf } from '../../support/ledger/call-failure.js';
import type { Committed } from '../../support/ledger/probe-client.js';
import { PROBE_FUNCTION } from '../../support/ledger/probe-chaincode/operations.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import { lifecycleOf } from '../../support/ledger/system-calls.js';
import type { LedgerOrganisation } from '../../support/ledger/target.js';
import { probeDefinition, signaturePolicy } from '../../support/ledger/probe-definition.js';
import { eventually } from '../../support/eventually.js';

const { lifecycle } = peer;
const SLOW = { timeoutMs: 60_000 };

/** What a chaincode's definition goes through on the channel: approvals, the commit, the next one. */
export const defining: Behaviour = (row) => {
  const spare = { name: 'spare', made: false };

  row(
    '',
    'records an approval: hashes in the block, what it saw, and only what changes',
    async (bench) => {
      const { a } = bench;
      const approved = await approve(bench, a, { name: spare.name, version: '1', sequence: 1 });
      const { endorsed } = await bench.transaction(approved);
      expect(endorsed.chaincode).to.deep.equal({ name: '_lifecycle', version: 'syscc' });
      expect(endorsed.endorsements.map(({ mspId }) => mspId)).to.deep.equal([a.mspId]);
      const { public: seen, collections } = namespaceOf({ endorsed }, '_lifecycle');
      expect(seen.getReadsList().map((read) => read.getKey())).to.deep.equal([
        'namespaces/fields/spare/Sequence',
        'namespaces/metadata/spare',
      ]);
      expect(seen.getWritesList()).to.have.length(0);
      expect(collections.map(({ name }) => name)).to.deep.equal([`_implicit_org_${a.mspId}`]);
      const [own] = collections;
      expect(own?.hashed.getHashedReadsList().map((read) => read.getKeyHash_asB64())).to.deep.equal(
        ['chaincode-sources/metadata/spare#1', 'namespaces/metadata/spare#1'].map(hashOf),
      );
      expect(own?.hashed.getHashedWritesList().map((write) => write.getKeyHash_asB64())).to.deep.equal(
        [
          'chaincode-sources/fields/spare#1/PackageID',
          'chaincode-sources/metadata/spare#1',
          'namespaces/fields/spare#1/Collections',
          'namespaces/fields/spare#1/EndorsementInfo',
          'namespaces/fields/spare#1/ValidationInfo',
          'namespaces/metadata/spare#1',
        ].map(hashOf),
      );
      const legacy = namespaceOf({ endorsed }, 'lscc').public.getReadsList();
      expect(legacy.map((read) => read.getKey())).to.deep.equal(['spare']);

      const again = await failureOf(approve(bench, a, { name: spare.name, version: '1', sequence: 1 }));
      expect(allText(again)).to.contain(
        'attempted to redefine uncommitted sequence (1) for namespace spare with unchanged content',
      );
      const other = await approve(bench, a, { name: spare.name, version: '2', sequence: 1 });
      const changed = namespaceOf(await bench.transaction(other), '_lifecycle').collections[0];
      expect(changed?.hashed.getHashedWritesList().map((write) => write.getKeyHash_asB64())).to.deep.equal([
        hashOf('namespaces/fields/spare#1/EndorsementInfo'),
      ]);
    },
    SLOW,
  );

  row('', 'tells who approved a definition, and in what others differ', async (bench) => {
    const { a, b, c, d } = bench;
    await approve(bench, b, { name: spare.name, version: '1', sequence: 1 });
    const readiness = await checkReadiness(bench, { name: spare.name, version: '1', sequence: 1 });
    expect(Object.fromEntries(readiness.getApprovalsMap().entries())).to.deep.equal({
      [a.mspId]: false,
      [b.mspId]: true,
      [c.mspId]: false,
      [d.mspId]: false,
    });
    const items = (mspId: string): string[] | undefined =>
      readiness.getMismatchesMap().get(mspId)?.getItemsList();
    expect(items(a.mspId)).to.deep.equal(['EndorsementInfo']);
    expect(items(b.mspId)).to.equal(undefined);
    expect(items(c.mspId)).to.deep.equal(['ChaincodeParameters']);
    const wrong = await failureOf(checkReadiness(bench, { name: spare.name, version: '1', sequence: 3 }));
    expect(allText(wrong)).to.contain('requested sequence is 3, but new definition must be sequence 1');
  });

  row('', 'refuses approvals and commits out of turn, or of what cannot be', async (bench) => {
    const refusal = async (definition: Partial<DefinitionInput>): Promise<string> =>
      allText(
        await failureOf(
          approve(bench, bench.c, { name: spare.name, version: '1', sequence: 1, ...definition }),
        ),
      );
    expect(await refusal({ sequence: 0 })).to.contain(
      'requested sequence is 0, but first definable sequence number is 1',
    );
    expect(await refusal({ sequence: 2 })).to.contain(
      'requested sequence 2 is larger than the next available sequence number 1',
    );
    expect(await refusal({ name: 'not a name' })).to.contain("invalid chaincode name 'not a name'");
    expect(await refusal({ name: 'qscc' })).to.contain(
      "chaincode name 'qscc' is the name of a system chaincode",
    );
    expect(await refusal({ version: 'a b' })).to.contain("invalid chaincode version 'a b'");
    const collections = peer.CollectionConfigPackage.deserializeBinary(
      probeDefinition(bench.mspIds(bench.a, bench.b)).collections,
    );
    const first = collections.getConfigList()[0]?.getStaticCollectionConfig();
    first?.setName('_hidden');
    expect(await refusal({ collections })).to.contain("invalid collection name '_hidden'");
    first?.setName('fine');
    first?.setRequiredPeerCount(9);
    expect(await refusal({ collections })).to.contain(
      'collection-name: fine -- maximum peer count (3) cannot be less than the required peer count (9)',
    );
    const strangers = peer.CollectionConfigPackage.deserializeBinary(
      probeDefinition(['NobodyMSP', 'NobodyMSP']).collections,
    );
    expect(await refusal({ collections: strangers })).to.contain(
      "collection member 'NobodyMSP' is not part of the channel",
    );
    const refused = await failureOf(commit(bench, { name: spare.name, version: '1', sequence: 1 }, bench.c));
    expect(allText(refused)).to.contain(`chaincode definition not agreed to by this org (${bench.c.mspId})`);
    const byClient = lifecycleOf(bench, bench.c, bench.c.client);
    const notAdmin = await failureOf(
      byClient.submit('ApproveChaincodeDefinitionForMyOrg', {
        arguments: [approvalArgs({ name: spare.name, version: '1', sequence: 1 }).serializeBinary()],
        endorsingOrganizations: [bench.c.mspId],
      }),
    );
    expect(allText(notAdmin)).to.contain('Failed to authorize invocation due to failed ACL check');
  });

  row(
    '',
    'defines a chaincode with the first commit, once all have approved',
    async (bench) => {
      const definition = { name: spare.name, version: '1', sequence: 1 };
      for (const organisation of [bench.a, bench.c]) await approve(bench, organisation, definition);
      // Agreed, but d runs none of it.
      await approve(bench, bench.d, { ...definition, packageId: '' });
      await ready(bench, definition);
      const committed = await commit(bench, definition);
      spare.made = true;
      const { endorsed } = await bench.transaction(committed);
      const { public: set, collections } = namespaceOf({ endorsed }, '_lifecycle');
      expect(set.getReadsList().map((read) => read.getKey())).to.deep.equal([
        'namespaces/fields/spare/Sequence',
        'namespaces/metadata/spare',
      ]);
      expect(set.getWritesList().map((write) => write.getKey())).to.deep.equal([
        'namespaces/fields/spare/Collections',
        'namespaces/fields/spare/EndorsementInfo',
        'namespaces/fields/spare/Sequence',
        'namespaces/fields/spare/ValidationInfo',
        'namespaces/metadata/spare',
      ]);
      expect(collections.map(({ name }) => name)).to.deep.equal(
        [bench.a, bench.b, bench.c, bench.d].map(({ mspId }) => `_implicit_org_${mspId}`),
      );
      for (const { hashed } of collections) {
        expect(hashed.getHashedReadsList().map((read) => read.getKeyHash_asB64())).to.deep.equal(
          [
            'namespaces/fields/spare#1/Collections',
            'namespaces/fields/spare#1/EndorsementInfo',
            'namespaces/fields/spare#1/ValidationInfo',
            'namespaces/metadata/spare#1',
          ].map(hashOf),
        );
      }
      const legacy = namespaceOf({ endorsed }, 'lscc').public.getReadsList();
      expect(legacy.map((read) => read.getKey())).to.deep.equal(['spare']);

      const defined = await query(bench, spare.name);
      expect(defined.getSequence()).to.equal(1);
      expect(defined.getVersion()).to.equal('1');
      expect(Object.fromEntries(defined.getApprovalsMap().entries())).to.deep.equal({
        [bench.a.mspId]: true,
        [bench.b.mspId]: true,
        [bench.c.mspId]: true,
        [bench.d.mspId]: true,
      });
    },
    SLOW,
  );

  row(
    '',
    'endorses only where the organisation runs a package, and there as soon as it does',
    async (bench) => {
      const { a, b, c, d } = bench;
      expect(spare.made, 'the definition of the claim before').to.equal(true);
      const contract = (): Contract =>
        bench.client().gateway.getNetwork(bench.ledger.channel).getContract(spare.name);
      const evaluate = async (on: LedgerOrganisation): Promise<unknown> =>
        contract().evaluate(PROBE_FUNCTION, { arguments: ['[]'], endorsingOrganizations: [on.mspId] });
      for (const organisation of [a, b, c]) {
        await eventually(() => evaluate(organisation));
      }
      expect((await failureOf(evaluate(d))).code, 'evaluation').to.equal(9);
      const asked = contract().submit(PROBE_FUNCTION, {
        arguments: ['[]'],
        endorsingOrganizations: bench.mspIds(a, b, d),
      });
      expect((await failureOf(asked)).code, 'endorsement').to.equal(14);

      await approve(bench, d, { name: spare.name, version: '1', sequence: 1 });
      await eventually(() => evaluate(d));
      const again = await failureOf(approve(bench, d, { name: spare.name, version: '1', sequence: 1 }));
      expect(allText(again)).to.contain(
        'attempted to redefine the current committed sequence (1) for namespace spare',
      );
      const other = await failureOf(approve(bench, d, { name: spare.name, version: '7', sequence: 1 }));
      expect(allText(other)).to.contain('with different parameters: expected Version');

      // A package that is nowhere: the organisation no longer endorses.
      await approve(bench, d, { name: spare.name, version: '1', sequence: 1, packageId: 'gone:1' });
      await eventually(async () => {
        expect((await failureOf(evaluate(d))).code).to.equal(9);
      });
    },
    SLOW,
  );

  row(
    '',
    'writes with the next commit only what changes, and reads all that was',
    async (bench) => {
      expect(spare.made, 'the definition of the claim before').to.equal(true);
      const definition = { name: spare.name, version: '2', sequence: 2 };
      for (const organisation of everyone(bench)) await approve(bench, organisation, definition);
      await ready(bench, definition);
      const committed = await commit(bench, definition);
      const { endorsed } = await bench.transaction(committed);
      const { public: set } = namespaceOf({ endorsed }, '_lifecycle');
      const fields = ['Collections', 'EndorsementInfo', 'Sequence', 'ValidationInfo'];
      expect(set.getReadsList().map((read) => read.getKey())).to.deep.equal([
        ...fields.map((field) => `namespaces/fields/spare/${field}`),
        'namespaces/metadata/spare',
      ]);
      expect(set.getWritesList().map((write) => write.getKey())).to.deep.equal([
        'namespaces/fields/spare/EndorsementInfo',
        'namespaces/fields/spare/Sequence',
      ]);
      expect(endorsed.namespaces.map(({ namespace }) => namespace)).to.deep.equal(['_lifecycle']);
      const late = await failureOf(approve(bench, bench.d, { name: spare.name, version: '1', sequence: 1 }));
      expect(allText(late)).to.contain('currently defined sequence 2 is larger than requested sequence 1');
    },
    SLOW,
  );

  row(
    '',
    'gives a new member what was written before it was one',
    async (bench) => {
      expect(spare.made, 'the definition of the claim before').to.equal(true);
      const { a, b } = bench;
      const define = async (sequence: number, members: readonly string[]): Promise<void> => {
        const definition = {
          name: spare.name,
          version: String(sequence),
          sequence,
          collections: openTo(members),
        };
        for (const organisation of everyone(bench)) await approve(bench, organisation, definition);
        await ready(bench, definition);
        await commit(bench, definition);
      };
      const contract = (on: LedgerOrganisation): Contract =>
        bench.client(on).gateway.getNetwork(bench.ledger.channel).getContract(spare.name);
      const key = bench.key();
      const put = { op: 'put', key, value: 'early', collection: 'grows' };
      const get = { op: 'get', key, collection: 'grows' };
      const ask = async (on: LedgerOrganisation, operation: unknown): Promise<string> => {
        const result = await contract(on).evaluate(PROBE_FUNCTION, {
          arguments: [JSON.stringify([operation])],
          endorsingOrganizations: [on.mspId],
        });
        return (JSON.parse(Buffer.from(result).toString()) as string[])[0] ?? '';
      };
      await define(3, [a.mspId]);
      await eventually(() => ask(a, get));
      await submitted(contract(a), PROBE_FUNCTION, {
        arguments: [Buffer.from(JSON.stringify([put]))],
        endorsingOrganizations: bench.mspIds(a, bench.c, bench.d),
      });
      await eventually(async () => {
        expect(allText(await failureOf(ask(b, get)))).to.contain(
          'private data matching public hash version is not available',
        );
      });
      await define(4, [a.mspId, b.mspId]);
      // Fabric's peers look for what they miss once a minute.
      await eventually(
        async () => {
          expect(await ask(b, get)).to.equal('early');
        },
        { withinMs: 100_000 },
      );
    },
    { timeoutMs: 150_000 },
  );

  row('', 'keeps collections and their time to live from one definition to the next', async (bench) => {
    const { collections: bytes } = probeDefinition(bench.mspIds(bench.a, bench.b, bench.c, bench.d));
    const current = await query(bench, bench.ledger.chaincode);
    const next = { name: bench.ledger.chaincode, version: 'next', sequence: current.getSequence() + 1 };
    const refusal = async (
      change: (list: peer.CollectionConfig[]) => peer.CollectionConfig[],
    ): Promise<string> => {
      const collections = peer.CollectionConfigPackage.deserializeBinary(bytes);
      collections.setConfigList(change(collections.getConfigList()));
      return allText(await failureOf(approve(bench, bench.a, { ...next, collections })));
    };
    expect(await refusal((list) => list.slice(1))).to.contain(
      'existing collection [open] missing in the proposed collection configuration',
    );
    expect(await refusal(() => [])).to.contain(
      'the proposed collection config does not contain previously defined collections',
    );
    const longer = await refusal((list) => {
      list
        .find((each) => each.getStaticCollectionConfig()?.getName() === 'brief')
        ?.getStaticCollectionConfig()
        ?.setBlockToLive(9);
      return list;
    });
    expect(longer).to.contain(
      'the BlockToLive in an existing collection [brief] modified. Existing value [2]',
    );
  });

  row('', 'tells of definitions and approvals, and of what there is none', async (bench) => {
    const contract = lifecycleOf(bench);
    const all = lifecycle.QueryChaincodeDefinitionsResult.deserializeBinary(
      await contract.evaluate('QueryChaincodeDefinitions', {
        arguments: [new lifecycle.QueryChaincodeDefinitionsArgs().serializeBinary()],
      }),
    );
    const names = all.getChaincodeDefinitionsList().map((definition) => definition.getName());
    expect(names).to.include.members([bench.ledger.chaincode, bench.ledger.otherChaincode]);
    const unknown = await failureOf(query(bench, 'nobody'));
    expect(unknown.code).to.equal(2);
    expect(allText(unknown)).to.contain('chaincode response 404, namespace nobody is not defined');

    const args = new lifecycle.QueryApprovedChaincodeDefinitionArgs();
    args.setName(bench.ledger.chaincode);
    const approved = lifecycle.QueryApprovedChaincodeDefinitionResult.deserializeBinary(
      await contract.evaluate('QueryApprovedChaincodeDefinition', { arguments: [args.serializeBinary()] }),
    );
    expect(approved.getSource()?.getLocalPackage()?.getPackageId()).to.equal(bench.a.probePackage);
    args.setSequence(99);
    const none = await failureOf(
      contract.evaluate('QueryApprovedChaincodeDefinition', { arguments: [args.serializeBinary()] }),
    );
    expect(allText(none)).to.contain(
      `could not fetch approved chaincode definition (name: '${bench.ledger.chaincode}', sequence: '99')`,
    );
  });
};

interface DefinitionInput {
  readonly name: string;
  readonly version: string;
  readonly sequence: number;
  readonly collections?: peer.CollectionConfigPackage;
  /** Of the probe, so that it can be called, unless told otherwise. */
  readonly packageId?: string;
}

function fill<
  T extends
    | peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs
    | peer.lifecycle.CommitChaincodeDefinitionArgs
    | peer.lifecycle.CheckCommitReadinessArgs,
>(args: T, { name, version, sequence, collections }: DefinitionInput): T {
  args.setName(name);
  args.setVersion(version);
  args.setSequence(sequence);
  if (collections !== undefined) args.setCollections(collections);
  return args;
}

function approvalArgs(
  definition: DefinitionInput,
  packageId = definition.packageId ?? '',
): peer.lifecycle.ApproveChaincodeDefinitionForMyOrgArgs {
  const args = fill(new lifecycle.ApproveChaincodeDefinitionForMyOrgArgs(), definition);
  const local = new lifecycle.ChaincodeSource.Local();
  local.setPackageId(packageId);
  const source = new lifecycle.ChaincodeSource();
  source.setLocalPackage(local);
  args.setSource(source);
  return args;
}

function commitArgs(definition: DefinitionInput): peer.lifecycle.CommitChaincodeDefinitionArgs {
  return fill(new lifecycle.CommitChaincodeDefinitionArgs(), definition);
}

async function approve(
  bench: Bench,
  organisation: LedgerOrganisation,
  definition: DefinitionInput,
): Promise<Pick<Committed, 'txId' | 'block'>> {
  const packageId = definition.packageId ?? organisation.probePackage;
  return submitted(lifecycleOf(bench, organisation), 'ApproveChaincodeDefinitionForMyOrg', {
    arguments: [approvalArgs(definition, packageId).serializeBinary()],
    endorsingOrganizations: [organisation.mspId],
  });
}

function commit(
  bench: Bench,
  definition: DefinitionInput,
  on: LedgerOrganisation = bench.a,
): Promise<Pick<Committed, 'txId' | 'block'>> {
  return submitted(lifecycleOf(bench, on), 'CommitChaincodeDefinition', {
    arguments: [commitArgs(definition).serializeBinary()],
    endorsingOrganizations: bench.mspIds(...(on === bench.a ? everyone(bench) : [on])),
  });
}

async function submitted(
  contract: Contract,
  name: string,
  options: { arguments: Uint8Array[]; endorsingOrganizations?: string[] },
): Promise<Pick<Committed, 'txId' | 'block'>> {
  const transaction = await contract.newProposal(name, options).endorse();
  const { code, blockNumber } = await (await transaction.submit()).getStatus();
  expect(code, name).to.equal(0);
  return { txId: transaction.getTransactionId(), block: Number(blockNumber) };
}

async function checkReadiness(
  bench: Bench,
  definition: DefinitionInput,
  on: LedgerOrganisation = bench.a,
): Promise<peer.lifecycle.CheckCommitReadinessResult> {
  const args = fill(new lifecycle.CheckCommitReadinessArgs(), definition);
  return lifecycle.CheckCommitReadinessResult.deserializeBinary(
    await lifecycleOf(bench, on).evaluate('CheckCommitReadiness', {
      arguments: [args.serializeBinary()],
      endorsingOrganizations: [on.mspId],
    }),
  );
}

function everyone({ a, b, c, d }: Bench): LedgerOrganisation[] {
  return [a, b, c, d];
}

/** Waits until every peer sees all approvals. */
async function ready(bench: Bench, definition: DefinitionInput): Promise<void> {
  const mspIds = bench.mspIds(...everyone(bench));
  for (const organisation of everyone(bench)) {
    await eventually(async () => {
      const approvals = (await checkReadiness(bench, definition, organisation)).getApprovalsMap();
      expect(mspIds.filter((mspId) => approvals.get(mspId) !== true)).to.deep.equal([]);
    });
  }
}

async function query(bench: Bench, name: string): Promise<peer.lifecycle.QueryChaincodeDefinitionResult> {
  const args = new lifecycle.QueryChaincodeDefinitionArgs();
  args.setName(name);
  return lifecycle.QueryChaincodeDefinitionResult.deserializeBinary(
    await lifecycleOf(bench).evaluate('QueryChaincodeDefinition', {
      arguments: [args.serializeBinary()],
      endorsingOrganizations: [bench.a.mspId],
    }),
  );
}

/** One collection, which any peer endorses writes to. */
function openTo(members: readonly string[]): peer.CollectionConfigPackage {
  const policy = new peer.CollectionPolicyConfig();
  policy.setSignaturePolicy(signaturePolicy(1, members, 'MEMBER'));
  const settings = new peer.StaticCollectionConfig();
  settings.setName('grows');
  settings.setMemberOrgsPolicy(policy);
  settings.setMaximumPeerCount(3);
  const config = new peer.CollectionConfig();
  config.setStaticCollectionConfig(settings);
  const collections = new peer.CollectionConfigPackage();
  collections.setConfigList([config]);
  return collections;
}

function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64');
}
