import { setTimeout as sleep } from 'node:timers/promises';
import { status as Code } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { expect } from 'chai';
import type { ChaincodeDefinition, Ledger } from '@consent-ledger/network/embedded/ports';
import { startPeers } from '@consent-ledger/network/embedded/server';
import type { PeersSettings } from '@consent-ledger/network/embedded/server';
import { readPeers, startEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import type { RunningEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import { PROBE_FUNCTION } from '../../support/ledger/probe-chaincode/operations.js';
import type { ProbeOperation, ProbeResult } from '../../support/ledger/probe-chaincode/operations.js';
import { temporaryFolder } from '../../support/temporary.js';
import { CHAINCODE, CHANNEL, Consortium } from './consortium.js';
import type { ChaincodePlace, Connection } from './consortium.js';

const GET: ProbeOperation = { op: 'get', key: 'k' };

/* What the behaviour suite cannot do to a ledger: other timeouts, other servers, other definitions. */
describe('the stream between peer and chaincode', function () {
  this.timeout(60_000);

  const folder = temporaryFolder();
  const cleanUp: (() => unknown)[] = [];
  let consortium: Consortium;
  let running: RunningEmbeddedLedger;

  before(async () => {
    consortium = await Consortium.make(folder.path);
    running = await startEmbeddedLedger(consortium.configuration);
  });
  after(() => running.close());
  afterEach(async () => {
    for (const step of cleanUp.splice(0).reverse()) {
      await step();
    }
  });

  const serve = async (place: ChaincodePlace): Promise<() => Promise<void>> => {
    const served = await consortium.serve(place);
    const stop = (): Promise<void> => served.stop();
    cleanUp.push(stop);
    return stop;
  };
  /** Peers of their own on the same ledger, whose chaincode is in that place. */
  const peersFor = async (
    place: ChaincodePlace,
    change: Partial<Omit<PeersSettings, 'peers'>> = {},
  ): Promise<Connection> => {
    const peers = await readPeers(consortium.configuration);
    const started = await startPeers({
      ledgerOf: () => running.ledger,
      peers: peers.map((peer) => ({
        ...peer,
        packages: peer.packages.map((endpoint) => ({ ...endpoint, address: place.address })),
      })),
      ...change,
    });
    cleanUp.push(() => started.close());
    const connection = consortium.client(started.addresses, 'riverside');
    cleanUp.push(() => {
      connection.close();
    });
    return connection;
  };
  const evaluate = async (
    { gateway }: Connection,
    ...operations: readonly ProbeOperation[]
  ): Promise<ProbeResult[]> => {
    const result = await gateway
      .getNetwork(CHANNEL)
      .getContract(CHAINCODE)
      .evaluate(PROBE_FUNCTION, {
        arguments: [JSON.stringify(operations)],
        endorsingOrganizations: ['RiversideMSP'],
      });
    return JSON.parse(Buffer.from(result).toString()) as ProbeResult[];
  };
  const failure = async (attempt: Promise<unknown>): Promise<GatewayError> => {
    try {
      await attempt;
    } catch (error) {
      if (error instanceof GatewayError) return error;
      throw error;
    }
    throw new Error('it succeeded');
  };
  const reason = async (attempt: Promise<unknown>): Promise<string> => {
    const { code, details } = await failure(attempt);
    expect(code).to.equal(Code.ABORTED);
    return details.map(({ message }) => message).join('\n');
  };

  it('is opened on first use, and again once a lost chaincode is back', async () => {
    const place = await consortium.elsewhere();
    const peers = await peersFor(place);
    expect(await reason(evaluate(peers, GET))).to.contain(`could not launch chaincode ${place.ccid}`);
    const stop = await serve(place);
    expect(await evaluate(peers, GET)).to.deep.equal(['']);

    const waiting = reason(evaluate(peers, { op: 'sleep', ms: 5_000 }));
    await evaluate(peers, GET);
    await stop();
    expect(await waiting).to.match(/chaincode stream terminated$/);
    await serve(place);
    expect(await evaluate(peers, GET)).to.deep.equal(['']);
  });

  it('is refused to a server that registers as another package', async () => {
    const place = await consortium.elsewhere('other:1');
    await serve(place);
    const said = await reason(evaluate(await peersFor(place), GET));
    expect(said).to.contain(`registered as "other:1"; expected "${consortium.chaincode.ccid}"`);
  });

  it('gives up on a transaction that takes too long, tells it so afterwards, and serves the next', async () => {
    const place = await consortium.elsewhere();
    await serve(place);
    const peers = await peersFor(place, { timeouts: { execute: 300 } });
    const late = evaluate(peers, { op: 'sleep', ms: 500 }, GET, { op: 'crash' });
    expect(await reason(late)).to.contain('timeout expired while executing transaction');
    await sleep(400);
    // The late read was answered with an error; an answer would have led on to the crash.
    expect(await evaluate(peers, GET)).to.deep.equal(['']);
  });

  it('runs a transaction once at a time', async () => {
    const place = await consortium.elsewhere();
    await serve(place);
    const { gateway } = await peersFor(place);
    const proposal = gateway
      .getNetwork(CHANNEL)
      .getContract(CHAINCODE)
      .newProposal(PROBE_FUNCTION, {
        arguments: [JSON.stringify([{ op: 'sleep', ms: 300 }])],
        endorsingOrganizations: ['RiversideMSP'],
      });
    const [first, second] = await Promise.allSettled([proposal.evaluate(), proposal.evaluate()]);
    expect(first.status).to.equal('fulfilled');
    expect(await reason(Promise.reject((second as PromiseRejectedResult).reason as Error))).to.contain(
      `txid: ${proposal.getTransactionId()}(${CHANNEL}) exists`,
    );
  });

  it('carries values of more megabytes than gRPC allows by itself', async () => {
    const place = await consortium.elsewhere();
    await serve(place);
    const peers = await peersFor(place);
    const results = await evaluate(
      peers,
      { op: 'put', key: 'large', value: '0123456789', fill: 600_000 },
      GET,
    );
    expect(results).to.deep.equal([null, '']);
  });

  it('calls a chaincode that must be initialised for nothing before that, and as init only then', async () => {
    const place = await consortium.elsewhere();
    await serve(place);
    const peers = await peersFor(place, {
      ledgerOf: () => withDefinition(running.ledger, { initRequired: true }),
    });
    expect(await reason(evaluate(peers, GET))).to.contain(
      `chaincode '${CHAINCODE}' has not been initialized for this version, must call as init first`,
    );
  });
});

/** The same ledger, with something different about every chaincode's definition. */
function withDefinition(ledger: Ledger, change: Partial<ChaincodeDefinition>): Ledger {
  return {
    channel: ledger.channel,
    height: ledger.height,
    lifecycleRevision: ledger.lifecycleRevision,
    openSnapshot: () => ledger.openSnapshot(),
    transactionStatus: (txId) => ledger.transactionStatus(txId),
    waitForTransaction: (txId, signal) => ledger.waitForTransaction(txId, signal),
    block: (blockNumber) => ledger.block(blockNumber),
    waitForBlock: (blockNumber, signal) => ledger.waitForBlock(blockNumber, signal),
    chaincodeDefinition: (snapshot, name) => {
      const definition = ledger.chaincodeDefinition(snapshot, name);
      return definition && { ...definition, ...change };
    },
    broadcast: (envelope) => ledger.broadcast(envelope),
    stagePrivate: (mspId, txId, privateSet) => {
      ledger.stagePrivate(mspId, txId, privateSet);
    },
  };
}
