import { common } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import { foreignAuthority, issue } from '../../support/ledger/authority.js';
import { seek, statusesUntilEnd, type SeekInput } from '../../support/ledger/deliver.js';
import type { Bench } from '../../support/ledger/bench.js';
import type { Behaviour } from '../../support/ledger/rows.js';

const { SUCCESS, BAD_REQUEST, FORBIDDEN, NOT_FOUND } = common.Status;

/** Blocks, by number and as they come. */
export const delivering: Behaviour = (row) => {
  row(
    '',
    'delivers from the genesis block to the newest, each once and in order, and says so',
    async (bench) => {
      const height = await bench.height();
      const { blocks, status } = await seekAs(bench, { start: 'oldest', stop: height - 1 });
      expect(status).to.equal(SUCCESS);
      expect(blocks.map((block) => block.getHeader()?.getNumber())).to.deep.equal([...Array(height).keys()]);
    },
  );

  row(
    '',
    'delivers the same bytes through every organisation, but for the orderer that signed',
    async (bench) => {
      const { block } = await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
      const [first, ...others] = await Promise.all(
        [bench.a, bench.b, bench.c, bench.d].map((each) => bench.block(block, each)),
      );
      for (const other of others) {
        expect(other.getHeader()?.serializeBinary()).to.deep.equal(first?.getHeader()?.serializeBinary());
        expect(other.getData()?.serializeBinary()).to.deep.equal(first?.getData()?.serializeBinary());
        expect(other.getMetadata()?.getMetadataList_asU8().slice(1)).to.deep.equal(
          first?.getMetadata()?.getMetadataList_asU8().slice(1),
        );
      }
    },
  );

  row('', 'delivers one block when asked from newest to newest', async (bench) => {
    const { blocks, status } = await seekAs(bench, { start: 'newest', stop: 'newest' });
    expect(status).to.equal(SUCCESS);
    expect(blocks).to.have.length(1);
  });

  row('47', 'has nothing to say of a block after the next', async (bench) => {
    const height = await bench.height();
    const { status } = await seekAs(bench, { start: height + 1, stop: height + 5 });
    expect(status).to.equal(NOT_FOUND);
  });

  row('47', 'waits for the next block, and delivers it when it comes', async (bench) => {
    const height = await bench.height();
    const listening = seekAs(bench, { start: height, stop: height });
    const committed = await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
    const { blocks, status } = await listening;
    expect(status).to.equal(SUCCESS);
    expect(blocks[0]?.getHeader()?.getNumber()).to.equal(height).and.to.be.at.most(committed.block);
  });

  row('47', 'does not wait when asked not to', async (bench) => {
    const height = await bench.height();
    const { status } = await seekAs(bench, { start: height, stop: height, failIfNotReady: true });
    expect(status).to.equal(NOT_FOUND);
  });

  row('47', 'refuses to go backwards, or to go from nowhere', async (bench) => {
    expect((await seekAs(bench, { start: 3, stop: 1 })).status).to.equal(BAD_REQUEST);
    expect((await seekAs(bench, { stop: 1 })).status, 'no start').to.equal(BAD_REQUEST);
    expect((await seekAs(bench, { start: 0 })).status, 'no stop').to.equal(BAD_REQUEST);
  });

  row(
    '',
    'takes request after request on one stream, and ends it after the first that fails',
    async (bench) => {
      const good = {
        identity: bench.a.client,
        channel: bench.ledger.channel,
        start: 'oldest',
        stop: 'oldest',
      } as const;
      const statuses = await statusesUntilEnd(bench.raw(), [good, good, { ...good, channel: 'elsewhere' }]);
      expect(statuses).to.deep.equal([SUCCESS, SUCCESS, NOT_FOUND]);
    },
  );

  row('', 'refuses an unknown channel, a stranger, a forged request and an old one', async (bench) => {
    const range = { start: 'oldest', stop: 'oldest' } as const;
    expect((await seekAs(bench, { ...range, channel: 'elsewhere' })).status).to.equal(NOT_FOUND);
    const stranger = await issue(await foreignAuthority(), bench.a.mspId, {
      commonName: 'x',
      units: ['client'],
    });
    expect((await seekAs(bench, { ...range, identity: stranger })).status, 'stranger').to.equal(FORBIDDEN);
    const forged = { ...bench.a.client, privateKey: bench.a.admin.privateKey };
    expect((await seekAs(bench, { ...range, identity: forged })).status, 'forged').to.equal(FORBIDDEN);
    const timestamp = new Date(Date.now() - 20 * 60_000);
    expect((await seekAs(bench, { ...range, timestamp })).status, 'old').to.equal(BAD_REQUEST);
  });

  row('', 'serves block events of the unmodified client from any block on', async (bench) => {
    const { block, txId } = await bench.client().write([{ op: 'put', key: bench.key(), value: 'v' }]);
    const network = bench.client().gateway.getNetwork(bench.ledger.channel);
    const events = await network.getBlockEvents({ startBlock: BigInt(block) });
    try {
      for await (const delivered of events) {
        expect(delivered.getHeader()?.getNumber()).to.equal(block);
        expect(Buffer.from(delivered.serializeBinary()).includes(txId)).to.equal(true);
        break;
      }
    } finally {
      events.close();
    }
    const beyond = await network.getBlockEvents({ startBlock: BigInt(await bench.height()) + 1n });
    const refusal = await beyond[Symbol.asyncIterator]()
      .next()
      .then(
        () => undefined,
        (error: unknown) => error,
      );
    expect(String(refusal)).to.contain('404');
  });

  row(
    '48',
    'tells in filtered blocks of every transaction and its code, of events only the name',
    async (bench) => {
      const key = bench.key();
      const event = { op: 'event', name: 'happened', payload: 'not for all' } as const;
      const stale = await bench.client().endorse([{ op: 'get', key }, { op: 'put', key, value: '1' }, event]);
      const valid = await bench.client().write([{ op: 'put', key, value: '0' }, event]);
      const invalid = await bench.client().commit(stale);
      expect(invalid.code).to.equal(11);
      for (const { block, txId, code } of [valid, invalid]) {
        const { filtered } = await seekAs(bench, { start: block, stop: block, method: 'deliverFiltered' });
        expect(filtered[0]?.getChannelId()).to.equal(bench.ledger.channel);
        expect(filtered[0]?.getNumber()).to.equal(block);
        const transaction = filtered[0]
          ?.getFilteredTransactionsList()
          .find((each) => each.getTxid() === txId);
        expect(transaction?.getTxValidationCode()).to.equal(code);
        const [action] = transaction?.getTransactionActions()?.getChaincodeActionsList() ?? [];
        expect(action?.getChaincodeEvent()?.toObject()).to.deep.equal({
          chaincodeId: bench.ledger.chaincode,
          txId,
          eventName: 'happened',
          payload: '',
        });
      }
    },
    { needs: ['filtered-deliver'] },
  );
};

function seekAs(bench: Bench, input: Partial<SeekInput>): ReturnType<typeof seek> {
  return seek(bench.raw(), { identity: bench.a.client, channel: bench.ledger.channel, ...input });
}
