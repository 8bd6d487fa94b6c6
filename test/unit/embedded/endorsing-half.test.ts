import { status as Code } from '@grpc/grpc-js';
import { EndorseError, GatewayError } from '@hyperledger/fabric-gateway';
import type { ProposalOptions } from '@hyperledger/fabric-gateway';
import { expect } from 'chai';
import { peer } from '@hyperledger/fabric-protos';
import type { Ledger } from '@consent-ledger/network/embedded/ports';
import { startPeers } from '@consent-ledger/network/embedded/server';
import type { PeersSettings, RunningPeers } from '@consent-ledger/network/embedded/server';
import { readPeers, startEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import type { RunningEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import { PROBE_FUNCTION } from '../../support/ledger/probe-chaincode/operations.js';
import type { ProbeOperation, ProbeResult } from '../../support/ledger/probe-chaincode/operations.js';
import { temporaryFolder } from '../../support/temporary.js';
import { CHAINCODE, CHANNEL, Consortium, UNREACHABLE } from './consortium.js';
import type { Connection, ServedChaincode } from './consortium.js';
import { publicSet, readTransaction, sha256 } from './read-transaction.js';
import type { ReadTransaction } from './read-transaction.js';

describe('the endorsing half of the embedded ledger', function () {
  this.timeout(20_000);

  const folder = temporaryFolder();
  let consortium: Consortium;
  let chaincode: ServedChaincode;
  let running: RunningEmbeddedLedger;
  const connections = new Map<string, Connection>();

  before(async () => {
    consortium = await Consortium.make(folder.path);
    chaincode = await consortium.serve();
    running = await startEmbeddedLedger(consortium.configuration);
    for (const { name } of consortium.topology.organisations) {
      connections.set(name, consortium.client(running.addresses, name));
    }
  });

  after(async () => {
    connections.forEach((connection) => {
      connection.close();
    });
    await running.close();
    await chaincode.stop();
  });

  const at = (name: string): Connection => {
    const connection = connections.get(name);
    if (connection === undefined) {
      throw new RangeError(name);
    }
    return connection;
  };
  const options = (operations: readonly ProbeOperation[], more: ProposalOptions = {}): ProposalOptions => ({
    arguments: [JSON.stringify(operations)],
    ...more,
  });
  const contract = (
    name: string,
  ): ReturnType<ReturnType<Connection['gateway']['getNetwork']>['getContract']> =>
    at(name).gateway.getNetwork(CHANNEL).getContract(CHAINCODE);
  const evaluate = async (
    name: string,
    operations: readonly ProbeOperation[],
    more: ProposalOptions = {},
  ): Promise<ProbeResult[]> =>
    JSON.parse(
      Buffer.from(await contract(name).evaluate(PROBE_FUNCTION, options(operations, more))).toString(),
    ) as ProbeResult[];
  const submit = async (
    name: string,
    operations: readonly ProbeOperation[],
    more: ProposalOptions = {},
  ): Promise<{ txId: string; block: number }> => {
    const commit = await contract(name).submitAsync(PROBE_FUNCTION, options(operations, more));
    const status = await commit.getStatus();
    expect(status.code).to.equal(0);
    return { txId: commit.getTransactionId(), block: Number(status.blockNumber) };
  };
  const failure = async (attempt: Promise<unknown>): Promise<GatewayError> => {
    try {
      await attempt;
    } catch (error) {
      if (error instanceof GatewayError) {
        return error;
      }
      throw error;
    }
    throw new Error('it succeeded');
  };

  const inBlock = (block: number): ReadTransaction =>
    readTransaction(running.ledger.block(block) ?? Buffer.alloc(0));
  /** Peers beside the running ones, on the same ledger, with something different about them. */
  const besides = async (
    change: Partial<Omit<PeersSettings, 'peers'>>,
    at?: { readonly ccid: string; readonly address: string },
  ): Promise<RunningPeers> => {
    const peers = await readPeers(consortium.configuration);
    return startPeers({
      ledger: running.ledger,
      peers: peers.map((each) => ({
        ...each,
        chaincodes: new Map(
          [...each.chaincodes].map(([name, endpoint]) => [
            name,
            { ...endpoint, ...(at && { address: at.address }) },
          ]),
        ),
      })),
      ...change,
    });
  };

  it('endorses by the policy of what was touched, orders, and tells the commit', async () => {
    const { block } = await submit('riverside', [{ op: 'put', key: 'colour', value: 'blue' }]);
    expect(block).to.equal(running.ledger.height - 1);
    expect(await evaluate('sentinel', [{ op: 'get', key: 'colour' }])).to.deep.equal(['blue']);

    const transaction = inBlock(block);
    // A majority of four.
    expect(transaction.action.getAction()?.getEndorsementsList()).to.have.lengthOf(3);
    const reads = publicSet(transaction, '_lifecycle').getReadsList();
    expect(reads.map((read) => read.getKey())).to.deep.equal([`namespaces/fields/${CHAINCODE}/Sequence`]);
    expect(publicSet(transaction, CHAINCODE).getWritesList()).to.have.lengthOf(1);
  });

  it('hashes the proposal without its transient data and signs over payload and endorser', async () => {
    const { block } = await submit('riverside', [{ op: 'put', key: 'hash', value: '1' }], {
      transientData: { secret: 'never on the ledger' },
    });
    expect(running.ledger.block(block)?.includes('never on the ledger')).to.equal(false);
    const { payload, action, responsePayload } = inBlock(block);
    const header = payload.getHeader();
    const expected = sha256(
      Buffer.concat([
        header?.getChannelHeader_asU8() ?? Buffer.alloc(0),
        header?.getSignatureHeader_asU8() ?? Buffer.alloc(0),
        action.getChaincodeProposalPayload_asU8(),
      ]),
    );
    expect(Buffer.from(responsePayload.getProposalHash_asU8()).equals(expected)).to.equal(true);
    const endorsed = action.getAction();
    for (const endorsement of endorsed?.getEndorsementsList() ?? []) {
      const identity = running.ledger.channel.deserializeIdentity(endorsement.getEndorser_asU8());
      const signed = Buffer.concat([
        endorsed?.getProposalResponsePayload_asU8() ?? Buffer.alloc(0),
        endorsement.getEndorser_asU8(),
      ]);
      expect(identity.verify(signed, endorsement.getSignature_asU8())).to.equal(true);
    }
  });

  it('never shows a transaction its own writes', async () => {
    await submit('riverside', [{ op: 'put', key: 'own', value: 'before' }]);
    const results = await evaluate('riverside', [
      { op: 'put', key: 'own', value: 'after' },
      { op: 'get', key: 'own' },
    ]);
    expect(results.at(-1)).to.equal('before');
  });

  it('keeps private values with members and gives everybody the hash', async () => {
    const collection = 'custody-RiversideMSP';
    const { block } = await submit(
      'riverside',
      [{ op: 'putTransient', key: 'consent', field: 'value', collection }],
      { transientData: { value: 'granted' }, endorsingOrganizations: ['RiversideMSP', 'SentinelMSP'] },
    );
    for (const member of ['riverside', 'sentinel']) {
      const { mspId } = consortium.organisation(member);
      const more = { endorsingOrganizations: [mspId] };
      expect(await evaluate(member, [{ op: 'get', key: 'consent', collection }], more)).to.deep.equal([
        'granted',
      ]);
    }
    expect(
      await evaluate('novacure', [{ op: 'hash', key: 'consent', collection }], {
        endorsingOrganizations: ['NovacureMSP'],
      }),
    ).to.deep.equal([sha256(Buffer.from('granted')).toString('hex')]);

    const atHome = { endorsingOrganizations: ['NovacureMSP'] };
    const denied = await failure(evaluate('novacure', [{ op: 'get', key: 'consent', collection }], atHome));
    expect(denied.code).to.equal(Code.UNKNOWN);
    expect(denied.message).to.contain('tx creator does not have read access permission on privatedata');
    const elsewhere = await failure(
      evaluate('riverside', [{ op: 'get', key: 'consent', collection }], atHome),
    );
    expect(elsewhere.message).to.contain('private data matching public hash version is not available');

    const transaction = inBlock(block);
    expect(publicSet(transaction, '_lifecycle').getReadsList()).to.have.lengthOf(5);
    const own = transaction.rwset.getNsRwsetList().find((each) => each.getNamespace() === CHAINCODE);
    expect(own?.getRwset_asU8()).to.have.lengthOf(0);
  });

  it('refuses to endorse private data that too few members would hold', async () => {
    const error = await failure(
      evaluate('riverside', [{ op: 'put', key: 'k', value: 'v', collection: UNREACHABLE }], {
        endorsingOrganizations: ['RiversideMSP'],
      }),
    );
    expect(error.code).to.equal(Code.ABORTED);
    expect(error.details[0]?.message).to.contain(
      'required to disseminate to at least 2 peers, but know of only 1',
    );
  });

  it('says UNKNOWN to an evaluation and ABORTED with details to a submission that the chaincode refuses', async () => {
    const operations: ProbeOperation[] = [{ op: 'throw', message: 'no such consent' }];
    const evaluation = await failure(evaluate('riverside', operations));
    expect(evaluation.code).to.equal(Code.UNKNOWN);
    expect(evaluation.message).to.contain(
      'evaluate call to endorser returned error: chaincode response 500, no such consent',
    );
    const submission = await failure(submit('riverside', operations));
    expect(submission).to.be.instanceOf(EndorseError);
    expect(submission.code).to.equal(Code.ABORTED);
    expect(submission.details).to.deep.equal([
      {
        address: running.addresses.get('RiversideMSP'),
        mspId: 'RiversideMSP',
        message: 'chaincode response 500, no such consent',
      },
    ]);
  });

  it('finds endorsers that computed different results', async () => {
    const error = await failure(submit('riverside', [{ op: 'random', key: 'r' }]));
    expect(error.code).to.equal(Code.ABORTED);
    expect(error.details.map(({ message }) => message)).to.include('ProposalResponsePayloads do not match');
  });

  it('refuses unknown organisations, chaincodes and channels by Fabric codes', async () => {
    const get: ProbeOperation[] = [{ op: 'get', key: 'k' }];
    const { gateway } = at('riverside');
    const unknownOrganisation = await failure(
      submit('riverside', get, { endorsingOrganizations: ['NobodyMSP'] }),
    );
    expect(unknownOrganisation.code).to.equal(Code.UNAVAILABLE);
    const unknownChaincode = gateway.getNetwork(CHANNEL).getContract('nothing');
    expect((await failure(unknownChaincode.evaluate('f'))).code).to.equal(Code.FAILED_PRECONDITION);
    expect((await failure(unknownChaincode.submit('f'))).code).to.equal(Code.FAILED_PRECONDITION);
    const unknownChannel = gateway.getNetwork('nowhere').getContract(CHAINCODE);
    expect((await failure(unknownChannel.evaluate('f'))).code).to.equal(Code.UNAVAILABLE);
    expect((await failure(unknownChannel.submit('f'))).code).to.equal(Code.FAILED_PRECONDITION);
  });

  it('passes the refusal of the orderer on', async () => {
    const { gateway } = at('riverside');
    const transaction = await contract('riverside')
      .newProposal(PROBE_FUNCTION, options([{ op: 'put', key: 'k', value: 'v' }]))
      .endorse();
    const forged = gateway.newSignedTransaction(transaction.getBytes(), Buffer.from('forged'));
    const error = await failure(forged.submit());
    expect(error.code).to.equal(Code.ABORTED);
    expect(error.message).to.contain('status=FORBIDDEN');
  });

  it('pages through ranges in batches of a hundred', async () => {
    await submit('riverside', [{ op: 'putMany', prefix: 'many-', count: 150 }]);
    const [all] = (await evaluate('riverside', [{ op: 'range', start: 'many-', end: 'many.' }])) as [
      string[][],
    ];
    expect(all).to.have.lengthOf(150);
    expect(all[149]).to.deep.equal(['many-149', 'v149']);

    // The chaincode stops after one; the peer pulled 101.
    const { block } = await submit('riverside', [{ op: 'range', start: 'many-', end: 'many.', limit: 1 }]);
    const [info] = publicSet(inBlock(block), CHAINCODE).getRangeQueriesInfoList();
    expect(info?.getEndKey()).to.equal('many-100');
    expect(info?.getItrExhausted()).to.equal(false);
    expect(info?.getReadsMerkleHashes()?.getMaxLevelHashesList()).to.have.lengthOf(2);

    const page = (size: number, bookmark?: string): ProbeOperation => ({
      op: 'page',
      start: 'many-140',
      end: 'many-145',
      size,
      ...(bookmark === undefined ? {} : { bookmark }),
    });
    const [first] = (await evaluate('riverside', [page(3)])) as [{ bookmark: string; entries: unknown[] }];
    expect(first.bookmark).to.equal('many-143');
    const [last] = (await evaluate('riverside', [page(3, first.bookmark)])) as [
      { bookmark: string; entries: unknown[] },
    ];
    expect([last.bookmark, last.entries.length]).to.deep.equal(['', 2]);
    const mixed = await failure(evaluate('riverside', [page(3), { op: 'put', key: 'k', value: 'v' }]));
    expect(mixed.message).to.contain('Writes are not allowed');
  });

  it('answers requests that the chaincode makes at once', async () => {
    const gets = Array.from({ length: 20 }, (): ProbeOperation => ({ op: 'get', key: 'many-001' }));
    expect((await evaluate('riverside', [{ op: 'together', operations: gets }]))[0]).to.deep.equal(
      gets.map(() => 'v1'),
    );
  });

  it('follows the events of valid transactions', async () => {
    const network = at('lakeside').gateway.getNetwork(CHANNEL);
    const events = await network.getChaincodeEvents(CHAINCODE);
    try {
      const { txId, block } = await submit('riverside', [
        { op: 'put', key: 'k', value: 'v' },
        { op: 'event', name: 'changed', payload: '1' },
      ]);
      for await (const event of events) {
        expect(event).to.deep.include({
          eventName: 'changed',
          transactionId: txId,
          chaincodeName: CHAINCODE,
        });
        expect(Number(event.blockNumber)).to.equal(block);
        break;
      }
    } finally {
      events.close();
    }
  });

  it('waits for a commit as long as the client does', async () => {
    const transaction = await contract('riverside')
      .newProposal(PROBE_FUNCTION, options([{ op: 'get', key: 'k' }]))
      .endorse();
    const unheard = await besides({ ledger: withDeafOrderer(running.ledger) });
    const connection = consortium.client(unheard.addresses, 'riverside');
    const commit = await connection.gateway.newTransaction(transaction.getBytes()).submit();
    const error = await failure(commit.getStatus({ deadline: Date.now() + 300 }));
    expect(error.code).to.equal(Code.DEADLINE_EXCEEDED);
    connection.close();
    await unheard.close();
  });

  it('refuses stale, forged and repeated proposals', async () => {
    const stale = await besides({ now: () => Date.now() + 20 * 60_000 });
    const connection = consortium.client(stale.addresses, 'riverside');
    try {
      const late = connection.gateway.getNetwork(CHANNEL).getContract(CHAINCODE);
      const get = options([{ op: 'get', key: 'k' }]);
      expect((await failure(late.evaluate(PROBE_FUNCTION, get))).code).to.equal(Code.UNAVAILABLE);
      expect((await failure(late.submit(PROBE_FUNCTION, get))).code).to.equal(Code.ABORTED);
    } finally {
      connection.close();
      await stale.close();
    }

    const proposal = contract('riverside').newProposal(
      PROBE_FUNCTION,
      options([{ op: 'put', key: 'k', value: 'v' }]),
    );
    const transaction = await proposal.endorse();
    await (await transaction.submit()).getStatus();
    expect((await failure(proposal.evaluate())).code).to.equal(Code.FAILED_PRECONDITION);
    const repeated = await failure(proposal.endorse());
    expect(repeated.code).to.equal(Code.ABORTED);
    expect(repeated.details[0]?.message).to.contain('duplicate transaction found');

    const forged = at('riverside').gateway.newSignedProposal(
      contract('riverside')
        .newProposal(PROBE_FUNCTION, options([{ op: 'get', key: 'k' }]))
        .getBytes(),
      Buffer.from('forged'),
    );
    const error = await failure(forged.evaluate());
    expect(error.code).to.equal(Code.FAILED_PRECONDITION);
    expect(error.message).to.contain('access denied: channel [consent] creator org [RiversideMSP]');
  });

  it('loses no more than what was running when the chaincode goes away', async () => {
    const place = await consortium.elsewhere();
    const own = await consortium.serve(place);
    const local = await besides({ timeouts: { dial: 1_000 } }, place);
    const connection = consortium.client(local.addresses, 'riverside');
    const target = connection.gateway.getNetwork(CHANNEL).getContract(CHAINCODE);
    const home = (operations: readonly ProbeOperation[]): ProposalOptions =>
      options(operations, { endorsingOrganizations: ['RiversideMSP'] });
    try {
      const running = failure(target.submit(PROBE_FUNCTION, home([{ op: 'sleep', ms: 3_000 }])));
      await target.evaluate(PROBE_FUNCTION, home([{ op: 'get', key: 'k' }]));
      await own.stop();
      const lost = await running;
      expect(lost.code).to.equal(Code.ABORTED);
      expect(lost.details[0]?.message).to.match(/chaincode stream terminated$/);
      const gone = await failure(target.submit(PROBE_FUNCTION, home([{ op: 'get', key: 'k' }])));
      expect(gone.details[0]?.message).to.contain('could not launch chaincode');
    } finally {
      connection.close();
      await local.close();
    }
  });

  it('gives up on a transaction that takes too long, and on a server of another package', async () => {
    const local = await besides({ timeouts: { execute: 200 } });
    const connection = consortium.client(local.addresses, 'riverside');
    const place = await consortium.elsewhere('other:1');
    const other = await consortium.serve(place);
    const misled = await besides({}, place);
    const misledConnection = consortium.client(misled.addresses, 'riverside');
    const home = options([{ op: 'sleep', ms: 400 }], { endorsingOrganizations: ['RiversideMSP'] });
    try {
      const contractOf = ({ gateway }: Connection): ReturnType<typeof contract> =>
        gateway.getNetwork(CHANNEL).getContract(CHAINCODE);
      const slow = await failure(contractOf(connection).submit(PROBE_FUNCTION, home));
      expect(slow.details[0]?.message).to.contain('timeout expired while executing transaction');
      const wrong = await failure(contractOf(misledConnection).submit(PROBE_FUNCTION, home));
      expect(wrong.details[0]?.message).to.contain('registered as "other:1"');
    } finally {
      connection.close();
      misledConnection.close();
      await local.close();
      await misled.close();
      await other.stop();
    }
  });

  it('keeps the last event and none with an error', async () => {
    const submitted = await submit('riverside', [
      { op: 'event', name: 'first', payload: '1' },
      { op: 'event', name: 'second', payload: '2' },
      { op: 'put', key: 'k', value: 'v' },
    ]);
    const { chaincodeAction, txId } = inBlock(submitted.block);
    expect(txId).to.equal(submitted.txId);
    const event = peer.ChaincodeEvent.deserializeBinary(chaincodeAction.getEvents_asU8());
    expect([event.getEventName(), event.getTxId()]).to.deep.equal(['second', txId]);
  });
});

/** A ledger that accepts every transaction and orders none. */
function withDeafOrderer(ledger: Ledger): Ledger {
  return {
    channel: ledger.channel,
    height: ledger.height,
    openSnapshot: () => ledger.openSnapshot(),
    transactionStatus: (txId) => ledger.transactionStatus(txId),
    waitForTransaction: (txId, signal) => ledger.waitForTransaction(txId, signal),
    block: (blockNumber) => ledger.block(blockNumber),
    waitForBlock: (blockNumber, signal) => ledger.waitForBlock(blockNumber, signal),
    chaincodeDefinition: (snapshot, name) => ledger.chaincodeDefinition(snapshot, name),
    broadcast: () => Promise.resolve({ status: 200, info: '' }),
    stagePrivate: (mspId, txId, privateSet) => {
      ledger.stagePrivate(mspId, txId, privateSet);
    },
  };
}
