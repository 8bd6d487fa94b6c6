import { common, msp, orderer, peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import {
  groupAt,
  readValue,
  writePolicy,
  writeValue,
} from '@consent-ledger/network/internal/operations/config/config-tree';
import {
  setRevocationLists,
  revocationLists,
} from '@consent-ledger/network/internal/operations/config/revocations';
import { revokedToo } from '@consent-ledger/network/internal/operations/certificates/revocation-list';
import { foreignAuthority, issue } from '../../support/ledger/authority.js';
import { transactionsOf } from '../../support/ledger/block-view.js';
import { allText, failureOf } from '../../support/ledger/call-failure.js';
import { configuration, reconfigure, submit, update } from '../../support/ledger/configuration.js';
import { seek } from '../../support/ledger/deliver.js';
import type { LedgerIdentity } from '../../support/ledger/identity.js';
import type { Behaviour } from '../../support/ledger/rows.js';

const GET = { op: 'get', key: 'k' } as const;
const SLOW = { timeoutMs: 60_000 };

/** Changes of the channel's configuration, and what follows from them at once. */
export const configuring: Behaviour = (row) => {
  row(
    '',
    'takes an update that enough admins signed, in a block of its own that the orderer signs',
    async (bench) => {
      const before = await configuration(bench);
      const after = await reconfigure(bench, withBatchCount(17));
      expect(after.sequence).to.equal(before.sequence + 1);
      expect(batchCount(after.group)).to.equal(17);

      const block = await bench.block(after.blockNumber);
      const transactions = transactionsOf(block);
      expect(transactions).to.have.length(1);
      expect(transactions[0]).to.include({ type: common.HeaderType.CONFIG, code: 0, txId: '' });
      const creator = msp.SerializedIdentity.deserializeBinary(transactions[0]?.creator ?? new Uint8Array());
      expect(Buffer.from(creator.getIdBytes_asU8()).toString()).to.contain('BEGIN CERTIFICATE');
      expect(lastConfigOf(block), 'last configuration of the block itself').to.equal(after.blockNumber);
      expect(lastConfigOf(await bench.block(after.blockNumber - 1))).to.equal(before.blockNumber);
    },
    SLOW,
  );

  row('', 'refuses an update that too few signed, or clients, or nobody known', async (bench) => {
    const stranger = await issue(await foreignAuthority(), bench.a.mspId, {
      commonName: 'x',
      units: ['admin'],
    });
    const sets: readonly [string, readonly LedgerIdentity[]][] = [
      ['nobody', []],
      ['one admin', [bench.a.admin]],
      ['the same admin often', [bench.a.admin, bench.a.admin, bench.a.admin]],
      ['clients', [bench.a.client, bench.b.client, bench.c.client, bench.d.client]],
      ['a stranger', [stranger]],
    ];
    for (const [what, signers] of sets) {
      const pending = await update(bench, withLifecyclePolicy('ANY'), signers);
      const answer = await submit(bench, pending);
      expect(answer.status, what).to.equal('BAD_REQUEST');
      expect(answer.info, what).to.match(/error validating DeltaSet: policy for .* not satisfied/);
    }
  });

  row('', 'does not take a signature of other bytes', async (bench) => {
    const first = await update(bench, withLifecyclePolicy('ANY'));
    const other = await update(bench, withLifecyclePolicy('MAJORITY'));
    const answer = await submit(bench, { ...other, signatures: first.signatures });
    expect(answer.status).to.equal('BAD_REQUEST');
    expect(answer.info).to.contain('not satisfied');
  });

  row(
    '',
    'refuses an update that was made for an older configuration, and one of no effect',
    async (bench) => {
      const stale = await update(bench, withBatchCount(31));
      await reconfigure(bench, withBatchCount(23));
      const answer = await submit(bench, stale);
      expect(answer.status).to.equal('BAD_REQUEST');
      expect(answer.info).to.match(/but (it is currently|key is) at version \d+/);

      const pending = await update(bench, withBatchCount(29));
      const empty = common.ConfigUpdate.deserializeBinary(pending.bytes);
      empty.setWriteSet(empty.getReadSet());
      const nothing = await submit(bench, { ...pending, bytes: Buffer.from(empty.serializeBinary()) });
      expect(nothing.status).to.equal('BAD_REQUEST');
      expect(nothing.info).to.contain('delta set was empty -- update would have no effect');
    },
    SLOW,
  );

  row('', 'refuses an update for another channel, and values that no orderer could use', async (bench) => {
    const pending = await update(bench, withBatchCount(29));
    const elsewhere = common.ConfigUpdate.deserializeBinary(pending.bytes);
    elsewhere.setChannelId('elsewhere');
    const wrong = await submit(bench, { ...pending, bytes: Buffer.from(elsewhere.serializeBinary()) });
    expect(wrong.status).to.equal('BAD_REQUEST');
    expect(wrong.info).to.contain("ConfigUpdate for channel 'elsewhere' but envelope for channel");

    const zero = await submit(bench, await update(bench, withBatchCount(0)));
    expect(zero.status).to.equal('BAD_REQUEST');
    expect(zero.info).to.contain('batch size max message count to an invalid value: 0');

    const withCapability = (start: common.Capabilities) => (channel: common.ConfigGroup) => {
      start.getCapabilitiesMap().set('V9_9', new common.Capability());
      writeValue(channel, 'Capabilities', start);
    };
    const { group } = await configuration(bench);
    const more = readValue(group, 'Capabilities', common.Capabilities);
    const unknown = await submit(bench, await update(bench, withCapability(more)));
    expect(unknown.status).to.equal('BAD_REQUEST');
    expect(unknown.info).to.contain('Channel capability V9_9 is required but not supported');

    const alone = await submit(bench, await update(bench, withCapability(new common.Capabilities())));
    expect(alone.status).to.equal('BAD_REQUEST');
    expect(alone.info).to.contain('Must set some OrdererAddresses');
  });

  row('', 'does not take an update from a stranger, whoever signed the update itself', async (bench) => {
    const pending = await update(bench, withBatchCount(29));
    const stranger = await issue(await foreignAuthority(), bench.a.mspId, {
      commonName: 'x',
      units: ['client'],
    });
    expect((await submit(bench, pending, stranger)).status).to.equal('FORBIDDEN');
  });

  row(
    '',
    'makes blocks of the new size at once',
    async (bench) => {
      await reconfigure(bench, withBatchCount(1));
      try {
        const endorsed = await Promise.all(
          [0, 1, 2].map(() => bench.client().endorse([{ op: 'put', key: bench.key(), value: 'v' }])),
        );
        const committed = await Promise.all(endorsed.map((each) => bench.client().commit(each)));
        expect(new Set(committed.map(({ block }) => block)).size).to.equal(3);
      } finally {
        await reconfigure(bench, withBatchCount(500));
      }
    },
    // BFT takes the size of a block from its own options.
    { ...SLOW, unless: ({ ordersByQuorum }) => ordersByQuorum },
  );

  row(
    '12',
    'refuses a certificate as soon as it is revoked, and ends what it listens to',
    async (bench) => {
      const leaver = await issue(bench.b.authority, bench.b.mspId, {
        commonName: 'leaver',
        units: ['client'],
      });
      const ask = (): Promise<unknown> =>
        bench.raw(bench.b).evaluate(bench.proposal([GET], { identity: leaver }));
      await ask();
      const listening = seek(bench.raw(bench.b), {
        identity: leaver,
        channel: bench.ledger.channel,
        start: 'next',
        stop: Number.MAX_SAFE_INTEGER,
      });
      const { group } = await configuration(bench);
      const lists = await revokedToo(
        revocationLists(group, bench.b.mspId),
        { certificatePem: bench.b.authority.certificate, keyPem: bench.b.authority.privateKey },
        leaver.certificate,
        new Date(),
      );
      await reconfigure(bench, (channel) => {
        setRevocationLists(channel, bench.b.mspId, lists);
      });
      expect((await failureOf(ask())).code).to.equal(9);
      const { status } = await listening;
      expect(status).to.equal(common.Status.FORBIDDEN);
      const made = await bench
        .raw(bench.b)
        .commitStatus(bench.b.client, bench.ledger.channel, 'x', 1)
        .catch(() => 0);
      expect(made, 'others are not concerned').to.equal(0);
      await bench.client(bench.b).ask(GET);
    },
    SLOW,
  );

  row(
    '',
    'lets the users of a new organisation in, and out again',
    async (bench) => {
      const authority = await foreignAuthority();
      const newcomer = await issue(authority, 'EchoMSP', { commonName: 'newcomer', units: ['client'] });
      const ask = (): Promise<unknown> => bench.raw().evaluate(bench.proposal([GET], { identity: newcomer }));
      expect(allText(await failureOf(ask()))).to.contain('creator is malformed');
      const joined = await reconfigure(bench, (channel) => {
        const application = groupAt(channel, 'Application');
        application
          .getGroupsMap()
          .set('EchoMSP', organisationLike(application, bench.a.mspId, authority.certificate));
      });
      expect(joined.judged.applicationOrganizations.get('EchoMSP')).to.equal('EchoMSP');
      await ask();
      const committed = await bench
        .client(bench.a, newcomer)
        .write([{ op: 'put', key: bench.key(), value: 'v' }]);
      expect(committed.code).to.equal(0);
      await reconfigure(bench, (channel) => {
        groupAt(channel, 'Application').getGroupsMap().del('EchoMSP');
      });
      expect(allText(await failureOf(ask()))).to.contain('creator is malformed');
    },
    SLOW,
  );

  row(
    '',
    'endorses by the new policy at once',
    async (bench) => {
      const byOne = async (): Promise<number> => {
        const organisations = bench.mspIds(bench.a);
        return (await bench.client().submit([{ op: 'put', key: bench.key(), value: 'v' }], { organisations }))
          .code;
      };
      expect(await byOne()).to.equal(10);
      await reconfigure(bench, withEndorsement('ANY'));
      try {
        expect(await byOne()).to.equal(0);
      } finally {
        await reconfigure(bench, withEndorsement('MAJORITY'));
      }
      expect(await byOne()).to.equal(10);
    },
    SLOW,
  );

  row(
    '',
    'guards a resource by the policy that the configuration names for it',
    async (bench) => {
      await reconfigure(bench, withAcl('peer/Propose', '/Channel/Application/Admins'));
      try {
        const refused = await failureOf(bench.client().ask(GET));
        expect(refused.code).to.equal(9);
        // No single admin is a majority of them.
        const asAdmin = await failureOf(bench.client(bench.a, bench.a.admin).ask(GET));
        expect(asAdmin.code).to.equal(9);
      } finally {
        await reconfigure(bench, (channel) => {
          groupAt(channel, 'Application').getValuesMap().del('ACLs');
        });
      }
      await bench.client().ask(GET);
    },
    SLOW,
  );
};

function withBatchCount(count: number): (channel: common.ConfigGroup) => void {
  return (channel) => {
    const group = groupAt(channel, 'Orderer');
    const size = readValue(group, 'BatchSize', orderer.BatchSize);
    size.setMaxMessageCount(count);
    writeValue(group, 'BatchSize', size);
  };
}

function batchCount(channel: common.ConfigGroup): number {
  return readValue(groupAt(channel, 'Orderer'), 'BatchSize', orderer.BatchSize).getMaxMessageCount();
}

type Rule = keyof common.ImplicitMetaPolicy.RuleMap;

function implicitMeta(rule: Rule, subPolicy: string): common.Policy {
  const meta = new common.ImplicitMetaPolicy();
  meta.setRule(common.ImplicitMetaPolicy.Rule[rule]);
  meta.setSubPolicy(subPolicy);
  const policy = new common.Policy();
  policy.setType(common.Policy.PolicyType.IMPLICIT_META);
  policy.setValue(meta.serializeBinary());
  return policy;
}

function withEndorsement(rule: Rule): (channel: common.ConfigGroup) => void {
  return (channel) => {
    writePolicy(groupAt(channel, 'Application'), 'Endorsement', implicitMeta(rule, 'Endorsement'));
  };
}

function withLifecyclePolicy(rule: Rule): (channel: common.ConfigGroup) => void {
  return (channel) => {
    writePolicy(groupAt(channel, 'Application'), 'LifecycleEndorsement', implicitMeta(rule, 'Endorsement'));
  };
}

function withAcl(resource: string, policy: string): (channel: common.ConfigGroup) => void {
  return (channel) => {
    const api = new peer.APIResource();
    api.setPolicyRef(policy);
    const acls = new peer.ACLs();
    acls.getAclsMap().set(resource, api);
    writeValue(groupAt(channel, 'Application'), 'ACLs', acls);
  };
}

/** An organisation of the application with its own CA, otherwise as another. */
function organisationLike(application: common.ConfigGroup, mspId: string, caPem: string): common.ConfigGroup {
  const template = application.getGroupsMap().get(mspId);
  if (template === undefined) throw new RangeError(mspId);
  const group = common.ConfigGroup.deserializeBinary(template.serializeBinary());
  group.setVersion(0);
  group.getValuesMap().del('AnchorPeers');
  const value = readValue(group, 'MSP', msp.MSPConfig);
  const config = msp.FabricMSPConfig.deserializeBinary(value.getConfig_asU8());
  config.setName('EchoMSP');
  config.setRootCertsList([Buffer.from(caPem)]);
  config.setTlsRootCertsList([Buffer.from(caPem)]);
  config.setRevocationListList([]);
  value.setConfig(config.serializeBinary());
  writeValue(group, 'MSP', value);
  for (const [, each] of group.getValuesMap().entries()) each.setVersion(0);
  for (const [, each] of group.getPoliciesMap().entries()) {
    each.setVersion(0);
    const policy = each.getPolicy();
    const envelope = common.SignaturePolicyEnvelope.deserializeBinary(
      policy?.getValue_asU8() ?? new Uint8Array(),
    );
    for (const principal of envelope.getIdentitiesList()) {
      const role = msp.MSPRole.deserializeBinary(principal.getPrincipal_asU8());
      role.setMspIdentifier('EchoMSP');
      principal.setPrincipal(role.serializeBinary());
    }
    policy?.setValue(envelope.serializeBinary());
  }
  return group;
}

function lastConfigOf(block: common.Block): number {
  const [signatures = new Uint8Array()] = block.getMetadata()?.getMetadataList_asU8() ?? [];
  const value = common.Metadata.deserializeBinary(signatures).getValue_asU8();
  return common.OrdererBlockMetadata.deserializeBinary(value).getLastConfig()?.getIndex() ?? 0;
}
