import { common, peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { chaincodePackage } from '@consent-ledger/network';
import { suiteTopology } from '../../support/ledger/topology.js';
import { failureOf } from '../../support/ledger/call-failure.js';
import { configuration } from '../../support/ledger/configuration.js';
import type { Behaviour } from '../../support/ledger/rows.js';
import { ask, callSystem } from '../../support/ledger/system-calls.js';

/** What tools ask a peer: its blocks, its channels, its packages. */
export const askingPeers: Behaviour = (row) => {
  row('', 'tells how long the chain is, and gives blocks and transactions', async (bench) => {
    const { a, ledger } = bench;
    const { block, txId } = await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
    const query = (...args: string[]): Promise<Uint8Array> =>
      ask(a, { chaincode: 'qscc', channel: ledger.channel, identity: a.client, args });
    const info = common.BlockchainInfo.deserializeBinary(await query('GetChainInfo', ledger.channel));
    expect(info.getHeight()).to.equal(block + 1);
    const delivered = await bench.block(block);
    expect(info.getPreviousblockhash_asB64()).to.equal(delivered.getHeader()?.getPreviousHash_asB64());

    const bytes = await query('GetBlockByNumber', ledger.channel, String(block));
    expect(Buffer.from(bytes).equals(delivered.serializeBinary())).to.equal(true);
    const byTransaction = await query('GetBlockByTxID', ledger.channel, txId);
    expect(Buffer.from(byTransaction).equals(bytes)).to.equal(true);
    const byHash = await callSystem(a, {
      chaincode: 'qscc',
      channel: ledger.channel,
      args: ['GetBlockByHash', ledger.channel, info.getCurrentblockhash_asU8()],
    });
    expect(Buffer.from(byHash.getResponse()?.getPayload_asU8() ?? []).equals(bytes)).to.equal(true);
    const processed = peer.ProcessedTransaction.deserializeBinary(
      await query('GetTransactionByID', ledger.channel, txId),
    );
    expect(processed.getValidationcode()).to.equal(0);
    const { index } = await bench.transaction({ txId, block });
    expect(processed.getTransactionenvelope()?.serializeBinary()).to.deep.equal(
      delivered.getData()?.getDataList_asU8()[index],
    );
  });

  row('', 'has no block and no transaction that is not there, and says so', async (bench) => {
    const { a, ledger } = bench;
    const refusal = async (...args: string[]): Promise<string> => {
      const response = (
        await callSystem(a, { chaincode: 'qscc', channel: ledger.channel, identity: a.client, args })
      ).getResponse();
      expect(response?.getStatus()).to.equal(500);
      return response?.getMessage() ?? '';
    };
    expect(await refusal('GetBlockByNumber', ledger.channel, '999999')).to.contain(
      'no such block number [999999] in index',
    );
    expect(await refusal('GetBlockByNumber', ledger.channel, 'x')).to.contain('Failed to parse block number');
    expect(await refusal('GetTransactionByID', ledger.channel, 'never')).to.contain(
      'no such transaction ID [never] in index',
    );
    expect(await refusal('GetBlockByTxID', ledger.channel, 'never')).to.contain(
      'no such transaction ID [never] in index',
    );
    expect(await refusal('GetChainInfo', 'elsewhere')).to.contain('Invalid chain ID, elsewhere');
    expect(await refusal('GetBlockByNumber', ledger.channel)).to.contain('missing 3rd argument');
    expect(await refusal('GetChainInfo')).to.contain('Incorrect number of arguments, 1');
    expect(await refusal('Nothing', ledger.channel, 'x')).to.contain('access denied for [Nothing]');
  });

  row(
    '',
    'answers those questions through the gateway too, endorsed without any read or write',
    async (bench) => {
      const { ledger, a } = bench;
      const contract = bench.client().gateway.getNetwork(ledger.channel).getContract('qscc');
      const info = common.BlockchainInfo.deserializeBinary(
        await contract.evaluate('GetChainInfo', { arguments: [ledger.channel] }),
      );
      expect(info.getHeight()).to.be.greaterThan(0);
      const response = await callSystem(a, {
        chaincode: 'qscc',
        channel: ledger.channel,
        identity: a.client,
        args: ['GetChainInfo', ledger.channel],
      });
      expect(response.hasEndorsement()).to.equal(true);
      const payload = peer.ProposalResponsePayload.deserializeBinary(response.getPayload_asU8());
      const action = peer.ChaincodeAction.deserializeBinary(payload.getExtension_asU8());
      expect(action.getResults_asU8()).to.have.length(0);
      expect(action.getChaincodeId()?.getVersion()).to.equal('syscc');
    },
  );

  row('', 'tells its channels to its own people, and the configuration to every reader', async (bench) => {
    const { a, b, ledger } = bench;
    const channels = peer.ChannelQueryResponse.deserializeBinary(
      await ask(a, { chaincode: 'cscc', args: ['GetChannels'], identity: a.client }),
    );
    expect(channels.getChannelsList().map((channel) => channel.getChannelId())).to.deep.equal([
      ledger.channel,
    ]);
    const foreign = await failureOf(
      callSystem(a, { chaincode: 'cscc', args: ['GetChannels'], identity: b.client }),
    );
    expect(foreign.code).to.equal(2);
    expect(foreign.message).to.contain('access denied: channel [] creator org unknown, creator is malformed');

    const { blockNumber, group } = await configuration(bench);
    const call = { chaincode: 'cscc', channel: ledger.channel, identity: a.client } as const;
    const block = common.Block.deserializeBinary(
      await ask(a, { ...call, args: ['GetConfigBlock', ledger.channel] }),
    );
    expect(block.getHeader()?.getNumber()).to.equal(blockNumber);
    const config = common.Config.deserializeBinary(
      await ask(a, { ...call, args: ['GetChannelConfig', ledger.channel] }),
    );
    expect(config.getChannelGroup()?.getVersion()).to.equal(group.getVersion());
    const nothing = await callSystem(a, { ...call, args: ['Nothing', 'x'] });
    expect(nothing.getResponse()?.getMessage()).to.equal('Requested function Nothing not found.');
  });

  row('', 'does not join a channel twice', async (bench) => {
    const genesis = (await bench.block(0)).serializeBinary();
    const refused = (
      await callSystem(bench.a, { chaincode: 'cscc', args: ['JoinChain', genesis] })
    ).getResponse();
    expect(refused?.getStatus()).to.equal(500);
    expect(refused?.getMessage()).to.contain('already exists');
    const byClient = (
      await callSystem(bench.a, {
        chaincode: 'cscc',
        args: ['JoinChain', genesis],
        identity: bench.a.client,
      })
    ).getResponse();
    expect(byClient?.getStatus()).to.equal(500);
    expect(byClient?.getMessage()).to.match(/access denied for \[JoinChain\]\[\w+\]: .*policy \[Admins\]/);
  });

  row('', 'installs a package for an admin, once, and gives it back', async (bench) => {
    const { a } = bench;
    const built = chaincodePackage(suiteTopology('embedded'), {
      address: '127.0.0.1:9',
      rootCertPem: a.tlsCa.toString(),
      client: { certificatePem: a.client.certificate, keyPem: pem(a.client) },
    });
    const { lifecycle } = peer;
    const args = new lifecycle.InstallChaincodeArgs();
    args.setChaincodeInstallPackage(built.bytes);
    const install = ['InstallChaincode', args.serializeBinary()] as const;
    const byClient = (
      await callSystem(a, { chaincode: '_lifecycle', args: install, identity: a.client })
    ).getResponse();
    expect(byClient?.getMessage()).to.contain('Failed to authorize invocation due to failed ACL check');

    const installed = lifecycle.InstallChaincodeResult.deserializeBinary(
      await ask(a, { chaincode: '_lifecycle', args: install }),
    );
    expect(installed.getPackageId()).to.equal(built.id);
    expect(installed.getLabel()).to.equal(built.label);
    const again = (await callSystem(a, { chaincode: '_lifecycle', args: install })).getResponse();
    expect(again?.getStatus()).to.equal(500);
    expect(again?.getMessage()).to.contain(
      `chaincode already successfully installed (package ID '${built.id}')`,
    );

    const list = lifecycle.QueryInstalledChaincodesResult.deserializeBinary(
      await ask(a, {
        chaincode: '_lifecycle',
        args: ['QueryInstalledChaincodes', new lifecycle.QueryInstalledChaincodesArgs().serializeBinary()],
      }),
    ).getInstalledChaincodesList();
    expect(list.map((each) => each.getPackageId())).to.include.members([built.id, a.probePackage]);
    const probe = list.find((each) => each.getPackageId() === a.probePackage);
    const users = probe?.getReferencesMap().get(bench.ledger.channel)?.getChaincodesList() ?? [];
    expect(users.map((user) => user.getName())).to.include(bench.ledger.chaincode);
    const fresh = list.find((each) => each.getPackageId() === built.id);
    expect(fresh?.getReferencesMap().getLength()).to.equal(0);

    const wanted = new lifecycle.GetInstalledChaincodePackageArgs();
    wanted.setPackageId(built.id);
    const found = lifecycle.GetInstalledChaincodePackageResult.deserializeBinary(
      await ask(a, {
        chaincode: '_lifecycle',
        args: ['GetInstalledChaincodePackage', wanted.serializeBinary()],
      }),
    );
    expect(digest(found.getChaincodeInstallPackage_asU8())).to.equal(digest(built.bytes));
    const refusal = async (name: string, argument: Uint8Array): Promise<string> => {
      const refused = (
        await callSystem(a, { chaincode: '_lifecycle', args: [name, argument] })
      ).getResponse();
      expect(refused?.getStatus(), name).to.equal(500);
      return refused?.getMessage() ?? '';
    };
    const one = new lifecycle.QueryInstalledChaincodeArgs();
    one.setPackageId('nothing:1');
    expect(await refusal('QueryInstalledChaincode', one.serializeBinary())).to.contain(
      "could not find chaincode with package id 'nothing:1'",
    );
    wanted.setPackageId('nothing:1');
    expect(await refusal('GetInstalledChaincodePackage', wanted.serializeBinary())).to.contain(
      "could not load cc install package: chaincode install package 'nothing:1' not found",
    );
  });

  row('', 'refuses what is no package', async (bench) => {
    const { lifecycle } = peer;
    const args = new lifecycle.InstallChaincodeArgs();
    args.setChaincodeInstallPackage(Buffer.from('no archive'));
    const refused = (
      await callSystem(bench.a, {
        chaincode: '_lifecycle',
        args: ['InstallChaincode', args.serializeBinary()],
      })
    ).getResponse();
    expect(refused?.getStatus()).to.equal(500);
    expect(refused?.getMessage()).to.contain(
      "failed to invoke backing implementation of 'InstallChaincode': could not parse as a chaincode install package",
    );
    const none = (
      await callSystem(bench.a, { chaincode: '_lifecycle', args: ['InstallChaincode'] })
    ).getResponse();
    expect(none?.getMessage()).to.equal(
      'lifecycle scc operations require exactly two arguments but received 1',
    );
  });
};

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function pem({
  privateKey,
}: {
  privateKey: { export(options: { type: 'pkcs8'; format: 'pem' }): string | Buffer };
}): string {
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}
