import { common, msp, orderer } from '@hyperledger/fabric-protos';
import {
  dataLayout,
  loadIdentities,
  organisationLayout,
  portPlan,
  prepareConsortium,
  type Pems,
  type Topology,
} from '@consent-ledger/network';
import {
  applyUpdate,
  staleElements,
} from '@consent-ledger/network/internal/operations/config/applied-update';
import {
  configurationIn,
  type ChannelConfiguration,
} from '@consent-ledger/network/internal/operations/config/channel-configuration';
import { computeUpdate } from '@consent-ledger/network/internal/operations/config/compute-update';
import {
  copyOf,
  groupAt,
  readValue,
  writeValue,
} from '@consent-ledger/network/internal/operations/config/config-tree';
import {
  consentersOf,
  putConsenter,
  removeConsenter,
} from '@consent-ledger/network/internal/operations/config/consenters';
import { describeUpdate } from '@consent-ledger/network/internal/operations/config/describe-update';
import { setRevocationLists } from '@consent-ledger/network/internal/operations/config/revocations';
import { judgeSignatures } from '@consent-ledger/network/internal/operations/config/signatures';
import {
  decodeUpdateFile,
  encodeUpdateFile,
  pendingUpdate,
  signUpdate,
  withSignatures,
} from '@consent-ledger/network/internal/operations/config/update-file';
import { revokedToo } from '@consent-ledger/network/internal/operations/certificates/revocation-list';
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { temporaryFolder } from '../../support/temporary.js';
import { demo } from '../network/consortium.js';

interface Case {
  readonly name: string;
  /** Changes the group; says what an admin has to be told. */
  readonly change: (channel: common.ConfigGroup) => void | Promise<void>;
  readonly says: readonly RegExp[];
}

for (const ordering of ['bft', 'raft'] as const) {
  describe(`an update of the configuration (${ordering})`, function () {
    this.timeout(60_000);
    const folder = temporaryFolder();
    let topology: Topology;
    let current: ChannelConfiguration;
    let admins: ReadonlyMap<string, Pems>;
    const at = (name: string): { host: string; port: number } => {
      const ports = portPlan(topology).organisations[name];
      return { host: '127.0.0.1', port: ports?.orderer ?? 0 };
    };
    const issued = async (name: string): Promise<Pems> => {
      const { ca } = organisationLayout(folder.path, name);
      return {
        certificatePem: await readFile(ca.certificate, 'utf8'),
        keyPem: await readFile(ca.key, 'utf8'),
      };
    };

    before(async () => {
      // Raft with all four, so that the same changes are made to both.
      const everybody = '\n  orderers: [riverside, lakeside, novacure, sentinel]';
      topology = demo(['type: embedded', `type: ${ordering}${ordering === 'raft' ? everybody : ''}`]);
      await prepareConsortium(topology, portPlan(topology), folder.path);
      current = configurationIn(await readFile(dataLayout(folder.path).genesisBlock));
      const { organisations } = await loadIdentities(topology, folder.path);
      admins = new Map(organisations.map(({ mspId, admin }) => [mspId, admin.identity]));
    });

    const cases: readonly Case[] = [
      {
        name: 'one value',
        change: (channel) => {
          const size = readValue(groupAt(channel, 'Orderer'), 'BatchSize', orderer.BatchSize);
          size.setMaxMessageCount(7);
          writeValue(groupAt(channel, 'Orderer'), 'BatchSize', size);
        },
        says: [/^changes the value \/Channel\/Orderer\/BatchSize$/],
      },
      {
        name: 'an organisation less',
        change: (channel) => {
          groupAt(channel, 'Application').getGroupsMap().del('NovacureMSP');
          groupAt(channel, 'Orderer').getGroupsMap().del('NovacureMSP');
          removeConsenter(channel, at('novacure'));
        },
        says: [
          /^removes NovacureMSP from Application: it may no longer transact/,
          /^removes NovacureMSP from Orderer/,
          /^removes the orderer 127\.0\.0\.1:7032$/,
          /^then 3 orderers make blocks, and ordering goes on while at most [01] of them fail$/,
        ],
      },
      {
        name: 'an organisation more',
        change: (channel) => {
          for (const group of ['Application', 'Orderer']) {
            const twin = copyOf(groupAt(channel, group, 'NovacureMSP'));
            groupAt(channel, group).getGroupsMap().set('WestsideMSP', twin);
          }
        },
        says: [
          /^adds WestsideMSP to Application: .*MSP is called NovacureMSP, so do not sign/,
          /^adds WestsideMSP to Orderer/,
        ],
      },
      {
        name: "an orderer's certificates",
        change: async (channel) => {
          const { certificatePem } = await issued('lakeside');
          putConsenter(channel, {
            ...at('lakeside'),
            mspId: 'LakesideMSP',
            identityPem: certificatePem,
            tlsPem: certificatePem,
          });
        },
        says: [/^gives the orderer 127\.0\.0\.1:7022.* new certificates \(.*TLS\)$/, /^then 4 orderers/],
      },
      {
        name: 'a revocation',
        change: async (channel) => {
          const authority = await issued('riverside');
          const { peer } = organisationLayout(folder.path, 'riverside');
          const pem = await readFile(peer.identity.certificate, 'utf8');
          setRevocationLists(channel, 'RiversideMSP', await revokedToo([], authority, pem, new Date()));
        },
        says: [/^sets which certificates of RiversideMSP are revoked$/],
      },
      {
        name: 'a policy, a value gone and a change of who may change',
        change: (channel) => {
          const application = groupAt(channel, 'Application');
          application.getPoliciesMap().get('Endorsement')?.setModPolicy('/Channel/Orderer/Admins');
          groupAt(channel, 'Application', 'LakesideMSP').getValuesMap().del('AnchorPeers');
          groupAt(channel, 'Orderer').setModPolicy('Writers');
        },
        says: [
          /^changes the policy \/Channel\/Application\/Endorsement$/,
          /^lets the policy \/Channel\/Orderer\/Admins decide on the policy \/Channel\/Application\/Endorsement/,
          /^lets the policy Writers decide on the group \/Channel\/Orderer /,
          /^removes the value \/Channel\/Application\/LakesideMSP\/AnchorPeers$/,
        ],
      },
    ];

    const identityOf = (mspId: string): Pems => {
      const found = admins.get(mspId);
      if (found === undefined) throw new RangeError(mspId);
      return found;
    };
    const named = (name: string): Case => {
      const found = cases.find((each) => each.name === name);
      if (found === undefined) throw new RangeError(name);
      return found;
    };
    const changed = async ({ change }: Case): Promise<common.ConfigGroup> => {
      const wanted = copyOf(current.group);
      await change(wanted);
      return wanted;
    };

    for (const each of cases) {
      it(`of ${each.name} says all that it does`, async () => {
        const update = computeUpdate('consent', current.group, await changed(each));
        const lines = describeUpdate(current.group, update);
        for (const line of each.says)
          expect(
            lines.some((said) => line.test(said)),
            `${String(line)} in ${lines.join('; ')}`,
          ).to.equal(true);
        expect(lines).to.have.length(each.says.length);
      });

      it(`of ${each.name} makes of the one what the other is, once`, async () => {
        const wanted = await changed(each);
        const update = computeUpdate('consent', current.group, wanted);
        expect(withoutVersions(applyUpdate(current.group, update))).to.deep.equal(withoutVersions(wanted));
        expect(staleElements(current.group, update)).to.deep.equal([]);
        expect(staleElements(applyUpdate(current.group, update), update)).to.have.length.greaterThan(0);
      });
    }

    it('is what configtxlator computes', async function () {
      // FABRIC_HOME is not set: there is no configtxlator to ask.
      if (process.env['FABRIC_HOME'] === undefined) this.skip();
      for (const each of cases) {
        const wanted = await changed(each);
        const theirs = await configtxlator(folder.path, current.group, wanted);
        const ours = computeUpdate('consent', current.group, wanted);
        expect(ours.toObject(), each.name).to.deep.equal(theirs.toObject());
      }
    });

    it('counts only signatures of these bytes by known and valid admins, and says who is missing', async () => {
      const wanted = await changed(named('an organisation less'));
      const pending = pendingUpdate(computeUpdate('consent', current.group, wanted));
      const other = pendingUpdate(computeUpdate('consent', current.group, await changed(named('one value'))));
      const sign = (mspId: string, what = pending): ReturnType<typeof signUpdate> =>
        signUpdate(what, { mspId, identity: identityOf(mspId) });

      const two = [await sign('RiversideMSP'), await sign('LakesideMSP'), await sign('RiversideMSP')];
      const verdict = judgeSignatures(current, withSignatures(pending, two));
      expect(verdict.signed).to.deep.equal(['LakesideMSP', 'RiversideMSP']);
      expect(verdict.missing.map(({ policy }) => policy)).to.deep.equal([
        '/Channel/Application/Admins',
        '/Channel/Orderer/Admins',
      ]);
      expect(verdict.missing[0]?.reason).to.match(
        /2 sub-policies were satisfied, but this policy requires 3/,
      );

      const forOther = withSignatures(pending, [...two, await sign('SentinelMSP', other)]);
      expect(judgeSignatures(current, forOther)).to.deep.include({ void: ['SentinelMSP'] });
      expect(judgeSignatures(current, forOther).missing).to.have.length(2);

      const enough = withSignatures(pending, [...two, await sign('SentinelMSP')]);
      expect(judgeSignatures(current, enough).missing).to.deep.equal([]);
      const read = decodeUpdateFile(encodeUpdateFile(enough));
      expect(read.bytes.equals(pending.bytes)).to.equal(true);
      expect(judgeSignatures(current, read)).to.deep.equal(judgeSignatures(current, enough));
    });

    it('changes an MSP in both groups, and every consenter with the policy that follows from them', async () => {
      const wanted = await changed(named('a revocation'));
      const lists = ['Application', 'Orderer'].map((group) => {
        const config = readValue(groupAt(wanted, group, 'RiversideMSP'), 'MSP', msp.MSPConfig);
        return msp.FabricMSPConfig.deserializeBinary(config.getConfig_asU8()).getRevocationListList_asB64();
      });
      expect(lists[0]).to.have.length(1);
      expect(lists[0]).to.deep.equal(lists[1]);
      expect(Buffer.from(lists[0]?.[0] ?? '', 'base64').toString()).to.match(/^-----BEGIN X509 CRL-----/);

      const fewer = await changed(named('an organisation less'));
      expect(consentersOf(fewer)).to.have.length(3);
      if (ordering === 'raft') return;
      const policy = groupAt(fewer, 'Orderer').getPoliciesMap().get('BlockValidation')?.getPolicy();
      const envelope = common.SignaturePolicyEnvelope.deserializeBinary(
        policy?.getValue_asU8() ?? new Uint8Array(),
      );
      expect(envelope.getIdentitiesList()).to.have.length(3);
      expect(envelope.getRule()?.getNOutOf()?.getN()).to.equal(2);
    });
  });
}

/** The tree without what counts versions, which an update adds. */
function withoutVersions(group: common.ConfigGroup): unknown {
  return JSON.parse(
    JSON.stringify(group.toObject(), (key, value: unknown) => (key === 'version' ? 0 : value)),
  );
}

async function configtxlator(
  folder: string,
  before: common.ConfigGroup,
  after: common.ConfigGroup,
): Promise<common.ConfigUpdate> {
  const file = async (name: string, group: common.ConfigGroup): Promise<string> => {
    const config = new common.Config();
    config.setChannelGroup(group);
    await writeFile(path.join(folder, name), config.serializeBinary());
    return path.join(folder, name);
  };
  const output = path.join(folder, 'update.pb');
  await promisify(execFile)(
    path.join(process.env['FABRIC_HOME'] ?? '', 'bin', 'configtxlator'),
    ['compute_update', '--channel_id', 'consent', '--output', output]
      .concat('--original', await file('before.pb', before))
      .concat('--updated', await file('after.pb', after)),
    { timeout: 30_000 },
  );
  return common.ConfigUpdate.deserializeBinary(await readFile(output));
}
