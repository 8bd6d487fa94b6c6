import { setTimeout as sleep } from 'node:timers/promises';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { parseTopology, portPlan } from '@consent-ledger/network';
import { embeddedLedgerConfiguration } from '@consent-ledger/network/embedded/configure';
import { parseConfiguration } from '@consent-ledger/network/embedded/configuration';
import { IDEAL, type PeerConditions } from '@consent-ledger/network/embedded/peers/conditions';
import { startEmbeddedLedger, type RunningEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import { expect } from 'chai';
import { PROBE_FUNCTION, type ProbeOperation } from '../../support/ledger/probe-chaincode/operations.js';
import { temporaryFolder } from '../../support/temporary.js';
import { CHAINCODE, CHANNEL, Consortium, type Connection, type ServedChaincode } from './consortium.js';
import { eventually } from '../../support/eventually.js';

const RIVERSIDE = 'RiversideMSP';
const LAKESIDE = 'LakesideMSP';
const SENTINEL = 'SentinelMSP';
/** Endorsed by Riverside and Sentinel together, who are its members. */
const CUSTODY = 'custody-RiversideMSP';

/* What real networks do to their peers, done to one of ours at will. */
describe('a peer that is not at its best', function () {
  this.timeout(60_000);

  const folder = temporaryFolder();
  let consortium: Consortium;
  let running: RunningEmbeddedLedger;
  let served: ServedChaincode;
  const connections = new Map<string, Connection>();

  before(async () => {
    consortium = await Consortium.make(folder.path);
    served = await consortium.serve();
    running = await startEmbeddedLedger({
      ...consortium.configuration,
      endorsementTimeoutSeconds: 0.5,
      privateDataPatienceMs: 200,
    });
    for (const name of ['riverside', 'lakeside', 'sentinel']) {
      connections.set(name, consortium.client(running.addresses, name));
    }
  });
  after(async () => {
    for (const connection of connections.values()) connection.close();
    await running.close();
    await served.stop();
  });
  afterEach(() => {
    for (const mspId of running.addresses.keys()) running.ledger.setConditions(mspId, IDEAL);
  });

  const set = (mspId: string, conditions: Partial<PeerConditions>): void => {
    running.ledger.setConditions(mspId, { ...IDEAL, ...conditions });
  };
  const contract = (name: string) => {
    const connection = connections.get(name);
    if (connection === undefined) throw new RangeError(name);
    return connection.gateway.getNetwork(CHANNEL).getContract(CHAINCODE);
  };
  const options = (operations: readonly ProbeOperation[], endorsingOrganizations?: string[]) => ({
    arguments: [JSON.stringify(operations)],
    ...(endorsingOrganizations === undefined ? {} : { endorsingOrganizations }),
  });
  const ask = async (name: string, mspId: string, operation: ProbeOperation): Promise<unknown> => {
    const result = await contract(name).evaluate(PROBE_FUNCTION, options([operation], [mspId]));
    return (JSON.parse(Buffer.from(result).toString()) as unknown[])[0];
  };
  const endorse = (name: string, operations: readonly ProbeOperation[], mspIds?: string[]) =>
    contract(name).newProposal(PROBE_FUNCTION, options(operations, mspIds)).endorse();
  const commit = async (
    name: string,
    operations: readonly ProbeOperation[],
    mspIds?: string[],
  ): Promise<number> => {
    const submitted = await (await endorse(name, operations, mspIds)).submit();
    return Number((await submitted.getStatus()).blockNumber);
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
  const said = ({ message, details }: GatewayError): string =>
    [message, ...details.map((detail) => detail.message)].join('\n');

  describe('because blocks do not reach it', () => {
    it('shows what was before, waits with its answers, and has all of it once they do', async () => {
      await commit('riverside', [{ op: 'put', key: 'lag', value: 'old' }]);
      set(LAKESIDE, { lagMs: 'stopped' });
      const { ledger } = running;
      const height = ledger.height;
      const submitted = await (
        await endorse('riverside', [{ op: 'put', key: 'lag', value: 'new' }])
      ).submit();
      await submitted.getStatus();
      await commit('riverside', [{ op: 'delete', key: 'gone' }]);

      expect(await ask('riverside', RIVERSIDE, { op: 'get', key: 'lag' })).to.equal('new');
      expect(await ask('lakeside', LAKESIDE, { op: 'get', key: 'lag' })).to.equal('old');
      expect(ledger.peer(LAKESIDE).height).to.equal(height);
      expect(ledger.peerView(LAKESIDE).height).to.equal(height);
      const asking = connections
        .get('lakeside')
        ?.gateway.getNetwork(CHANNEL)
        .getBlockEvents({ startBlock: BigInt(height) });
      const events = await asking;
      const first = events?.[Symbol.asyncIterator]().next();
      expect(await Promise.race([first, sleep(200, 'nothing')])).to.equal('nothing');

      set(LAKESIDE, { lagMs: 0 });
      await first;
      events?.close();
      expect(ledger.peer(LAKESIDE).height).to.equal(ledger.height);
      expect(await ask('lakeside', LAKESIDE, { op: 'get', key: 'lag' })).to.equal('new');
    });

    it('does not agree with the others, and takes a transaction that is there for one that is not', async () => {
      await commit('riverside', [{ op: 'put', key: 'apart', value: '1' }]);
      set(LAKESIDE, { lagMs: 'stopped' });
      const proposal = contract('riverside').newProposal(
        PROBE_FUNCTION,
        options([{ op: 'put', key: 'apart', value: '2' }]),
      );
      const submitted = await (await proposal.endorse()).submit();
      await submitted.getStatus();
      const change: ProbeOperation[] = [
        { op: 'get', key: 'apart' },
        { op: 'put', key: 'apart', value: '3' },
      ];
      const refused = await failure(endorse('riverside', change, [RIVERSIDE, LAKESIDE, SENTINEL]));
      expect(said(refused)).to.contain('ProposalResponsePayloads do not match');
      const again = await failure(proposal.evaluate());
      expect(said(again)).to.contain('duplicate transaction found');
      set(LAKESIDE, { lagMs: 0 });
      await endorse('riverside', change, [RIVERSIDE, LAKESIDE, SENTINEL]);
    });

    it('gets each block so much later, and in order', async () => {
      set(SENTINEL, { lagMs: 300 });
      const started = performance.now();
      const block = await commit('riverside', [{ op: 'put', key: 'late', value: 'v' }]);
      expect(running.ledger.peer(SENTINEL).height).to.be.at.most(block);
      await running.ledger.peer(SENTINEL).waitForBlock(block, AbortSignal.timeout(10_000));
      expect(performance.now() - started).to.be.at.least(300);
      expect(await ask('sentinel', SENTINEL, { op: 'get', key: 'late' })).to.equal('v');
    });

    it('is asked last for what another peer can answer', async () => {
      set(RIVERSIDE, { endorsements: 'refused' });
      set(LAKESIDE, { lagMs: 'stopped' });
      await commit(
        'sentinel',
        [{ op: 'put', key: 'order', value: 'v' }],
        [SENTINEL, LAKESIDE, 'NovacureMSP'],
      );
      const view = await contract('riverside').evaluate(
        PROBE_FUNCTION,
        options([{ op: 'get', key: 'order' }]),
      );
      expect(Buffer.from(view).toString()).to.equal('["v"]');
    });
  });

  describe('because private data does not reach it', () => {
    const put = (key: string): ProbeOperation => ({ op: 'put', key, value: 'v', collection: CUSTODY });
    const get = (key: string): ProbeOperation => ({ op: 'get', key, collection: CUSTODY });

    it('has what it endorsed itself', async () => {
      set(SENTINEL, { privateDataDelayMs: 'never' });
      await commit('riverside', [put('own')], [RIVERSIDE, SENTINEL]);
      expect(await ask('sentinel', SENTINEL, get('own'))).to.equal('v');
    });

    it('goes on without it once its patience ends, and gets it later', async () => {
      set(SENTINEL, { privateDataDelayMs: 'never' });
      const withdrawal = 'withdrawal-RiversideMSP';
      const key = 'missing';
      const written = await commit(
        'riverside',
        [{ op: 'put', key, value: 'v', collection: withdrawal }],
        [RIVERSIDE],
      );
      const { ledger } = running;
      const peer = ledger.peer(SENTINEL);
      expect(peer.height, 'it waits').to.equal(written);
      await peer.waitForBlock(written, AbortSignal.timeout(10_000));
      const read: ProbeOperation = { op: 'get', key, collection: withdrawal };
      const refused = await failure(ask('sentinel', SENTINEL, read));
      expect(said(refused)).to.contain('private data matching public hash version is not available');
      expect(ledger.peerView(SENTINEL).privateSets(written)).to.deep.equal([]);
      expect(await ask('riverside', RIVERSIDE, read)).to.equal('v');

      set(SENTINEL, { privateDataDelayMs: 0 });
      await eventually(async () => {
        expect(await ask('sentinel', SENTINEL, read)).to.equal('v');
      });
      expect(
        ledger
          .peerView(SENTINEL)
          .privateSets(written)
          .map(({ collection }) => collection),
      ).to.deep.equal([withdrawal]);
    });

    it('does not wait for that of an invalid transaction', async () => {
      set(SENTINEL, { privateDataDelayMs: 'never' });
      const transaction = await endorse('riverside', [put('invalid')], [RIVERSIDE]);
      const { code, blockNumber } = await (await transaction.submit()).getStatus();
      expect(code).to.equal(10);
      expect(running.ledger.peer(SENTINEL).height).to.equal(Number(blockNumber) + 1);
    });

    it('holds its block up for a short delay, and has it then', async () => {
      set(SENTINEL, { privateDataDelayMs: 100 });
      const collection = 'withdrawal-RiversideMSP';
      const written = await commit(
        'riverside',
        [{ op: 'put', key: 'short', value: 'v', collection }],
        [RIVERSIDE],
      );
      await running.ledger.peer(SENTINEL).waitForBlock(written, AbortSignal.timeout(10_000));
      expect(await ask('sentinel', SENTINEL, { op: 'get', key: 'short', collection })).to.equal('v');
    });
  });

  describe('because it does not endorse', () => {
    it('is passed over where others can, and named where they cannot', async () => {
      set(LAKESIDE, { endorsements: 'refused' });
      await commit('riverside', [{ op: 'put', key: 'e', value: 'v' }]);
      const refused = await failure(
        endorse('riverside', [{ op: 'put', key: 'e', value: 'w' }], [RIVERSIDE, LAKESIDE, SENTINEL]),
      );
      expect(refused.code).to.equal(10);
      expect(refused.details[0]?.mspId).to.equal(LAKESIDE);
      expect(said(refused)).to.contain('rpc error: code = Unavailable desc = connection error');
    });

    it('is given up when it does not answer', async () => {
      set(LAKESIDE, { endorsements: 'withheld' });
      const late = await failure(
        endorse('riverside', [{ op: 'put', key: 'e', value: 'w' }], [RIVERSIDE, LAKESIDE, SENTINEL]),
      );
      expect(late.code).to.equal(10);
      expect(said(late)).to.contain('rpc error: code = DeadlineExceeded desc = context deadline exceeded');
      const evaluated = await failure(ask('riverside', LAKESIDE, { op: 'get', key: 'e' }));
      expect(evaluated.code).to.equal(14);
    });
  });

  it("is what the topology says of an organisation's troubles", () => {
    const { topology, prepared } = consortium;
    const troubled = parseTopology(
      JSON.stringify({
        topology: 1,
        chaincode: topology.chaincode,
        organisations: topology.organisations.map(({ name, mspId, kind, displayName }, index) => ({
          name,
          mspId,
          kind,
          displayName,
          ...(index === 1 && {
            troubles: { lag: '300ms', privateDataDelay: 'never', endorsements: 'withheld' },
          }),
        })),
      }),
      'troubled.yaml',
    );
    const { organisations } = embeddedLedgerConfiguration(
      troubled,
      portPlan(troubled),
      folder.path,
      prepared,
    );
    expect(organisations.map(({ conditions }) => conditions)).to.deep.equal([
      undefined,
      { lagMs: 300, privateDataDelayMs: 'never', endorsements: 'withheld' },
      undefined,
      undefined,
    ]);
    expect(() =>
      parseTopology(
        JSON.stringify({
          topology: 1,
          chaincode: topology.chaincode,
          organisations: [{ troubles: { lag: '300' } }],
        }),
        'troubled.yaml',
      ),
    ).to.throw('a duration, such as 300ms, or stopped');
  });

  it('is what the configuration says, and nothing that it does not know', () => {
    const { configuration } = consortium;
    const [first, ...others] = configuration.organisations;
    const withConditions = (conditions: unknown): unknown => ({
      ...configuration,
      organisations: [{ ...first, conditions }, ...others],
    });
    expect(parseConfiguration(withConditions({ lagMs: 50 })).organisations[0]?.conditions).to.deep.equal({
      lagMs: 50,
      privateDataDelayMs: 0,
      endorsements: 'given',
    });
    for (const wrong of [{ lagMs: -1 }, { lagMs: 'often' }, { endorsements: 'sometimes' }, { speed: 1 }]) {
      expect(() => parseConfiguration(withConditions(wrong))).to.throw('conditions');
    }
  });
});
