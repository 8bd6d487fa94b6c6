import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  status,
  type ClientDuplexStream,
} from '@grpc/grpc-js';
import {
  deliverService,
  deliverServiceDefinition,
} from '@consent-ledger/network/internal/embedded/deliver/service';
import type { OpenLedger } from '@consent-ledger/network/internal/embedded/open-ledger';
import type { PeerSigner } from '@consent-ledger/network/internal/embedded/ports';
import { ProtoWriter } from '@consent-ledger/network/internal/wire-format/index';
import { common, ledger as ledgerProtos, peer } from '@hyperledger/fabric-protos';
import { expect } from 'chai';
import {
  ALL,
  CHAINCODE,
  CHANNEL,
  CUSTODY,
  LAKESIDE,
  RIVERSIDE,
  SENTINEL,
  sharedLedger,
} from './support/consortium.js';
import { commitTogether, transaction } from './support/sending.js';
import { sealed } from './support/transactions.js';

const MEMBERS = [RIVERSIDE, SENTINEL];
const FOREVER = Number.MAX_SAFE_INTEGER;

type Position = number | 'newest' | 'oldest' | 'next';
type Method = 'Deliver' | 'DeliverFiltered' | 'DeliverWithPrivateData';

interface Request {
  readonly start?: Position;
  readonly stop?: Position;
  readonly failIfNotReady?: boolean;
  readonly headersOnly?: boolean;
  readonly channelId?: string;
  readonly at?: number;
}

function position(at: Position): Buffer {
  const empty = Buffer.alloc(0);
  if (typeof at === 'number')
    return new ProtoWriter().present(3, new ProtoWriter().number(1, at).finish()).finish();
  return new ProtoWriter().present({ newest: 1, oldest: 2, next: 4 }[at], empty).finish();
}

function request(signer: PeerSigner, { start, stop, channelId, at = Date.now(), ...rest }: Request): Buffer {
  const channelHeader = new ProtoWriter()
    .number(1, 5)
    .present(3, new ProtoWriter().number(1, Math.floor(at / 1000)).finish())
    .bytes(4, channelId ?? CHANNEL)
    .finish();
  const signatureHeader = new ProtoWriter().bytes(1, signer.serializedIdentity).bytes(2, 'nonce').finish();
  const seek = new ProtoWriter();
  if (start !== undefined) seek.present(1, position(start));
  if (stop !== undefined) seek.present(2, position(stop));
  seek.bool(3, rest.failIfNotReady ?? false).bool(5, rest.headersOnly ?? false);
  const header = new ProtoWriter().bytes(1, channelHeader).bytes(2, signatureHeader).finish();
  return sealed(new ProtoWriter().present(1, header).bytes(2, seek.finish()).finish(), signer);
}

describe('the deliver service of a peer', () => {
  const shared = sharedLedger();
  let now = Date.now;
  const servers = new Map<string, Server>();
  const clients = new Map<string, Client>();
  /** Number of the block with a private write, a public one with an event, and an invalid one. */
  let number: number;

  before(async () => {
    const { ledger, consortium } = shared;
    for (const mspId of ALL) {
      const server = new Server();
      server.addService(
        deliverServiceDefinition,
        deliverService(ledger.peerView(mspId), () => now()),
      );
      const port = await new Promise<number>((resolve, reject) => {
        server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
          if (error === null) resolve(bound);
          else reject(error);
        });
      });
      servers.set(mspId, server);
      clients.set(mspId, new Client(`127.0.0.1:${port}`, credentials.createInsecure()));
    }
    number = ledger.height;
    await commitTogether(ledger, makeTransactions(ledger));
    expect(consortium).to.not.equal(undefined);
  });
  after(() => {
    for (const client of clients.values()) client.close();
    for (const server of servers.values()) server.forceShutdown();
  });

  function makeTransactions(ledger: OpenLedger): ReturnType<typeof transaction>[] {
    const { consortium } = shared;
    const event = new ProtoWriter()
      .bytes(1, CHAINCODE)
      .bytes(3, 'logged')
      .bytes(4, 'secret payload')
      .finish();
    return [
      transaction(ledger, consortium, {
        content: { collections: { [CUSTODY]: { writes: { k: 'private' } } } },
        by: MEMBERS,
        stagedAt: MEMBERS,
      }),
      transaction(ledger, consortium, { content: { writes: { k: 'v' } }, events: event }),
      transaction(ledger, consortium, { content: { writes: { k: 'v' } }, events: event, by: [] }),
    ];
  }

  const client = (mspId: string): PeerSigner => shared.consortium.signer(mspId, 'client');

  function open(method: Method, at: string): ClientDuplexStream<Buffer, Buffer> {
    const channel = clients.get(at);
    if (channel === undefined) throw new Error(`nobody serves ${at}`);
    const asIs = (bytes: Buffer): Buffer => bytes;
    return channel.makeBidiStreamRequest(`/protos.Deliver/${method}`, asIs, asIs);
  }

  /** Answers until the status, and the status. */
  async function ask(
    asked: Request,
    options: {
      readonly by?: string;
      readonly at?: string;
      readonly method?: Method;
      readonly signer?: PeerSigner;
    } = {},
  ): Promise<{ blocks: peer.DeliverResponse[]; status: number }> {
    const { by = RIVERSIDE, at = RIVERSIDE, method = 'Deliver', signer = client(by) } = options;
    const stream = open(method, at);
    stream.write(request(signer, asked));
    const blocks: peer.DeliverResponse[] = [];
    for await (const bytes of stream as AsyncIterable<Buffer>) {
      const response = peer.DeliverResponse.deserializeBinary(bytes);
      if (response.getTypeCase() === peer.DeliverResponse.TypeCase.STATUS) {
        stream.end();
        return { blocks, status: response.getStatus() };
      }
      blocks.push(response);
    }
    throw new Error('the stream ended without a status');
  }

  const numbers = (blocks: readonly peer.DeliverResponse[]): (number | undefined)[] =>
    blocks.map((response) => response.getBlock()?.getHeader()?.getNumber());

  it('sends blocks as they are stored, from start to stop', async () => {
    const { blocks, status } = await ask({ start: 'oldest', stop: number });
    expect(status).to.equal(common.Status.SUCCESS);
    expect(numbers(blocks)).to.deep.equal(Array.from({ length: number + 1 }, (_, index) => index));
    for (const [index, response] of blocks.entries()) {
      expect(Buffer.from(response.getBlock()?.serializeBinary() ?? [])).to.deep.equal(
        shared.ledger.block(index),
      );
    }
    expect(numbers((await ask({ start: 'newest', stop: 'newest' })).blocks)).to.deep.equal([number]);
    expect(numbers((await ask({ start: 1, stop: 'oldest' })).blocks)).to.deep.equal([1]);
    expect(numbers((await ask({ start: 1, stop: 'newest' })).blocks)).to.deep.equal([1, 2, 3]);
  });

  it('answers what cannot be with the status that Fabric gives', async () => {
    const { height } = shared.ledger;
    const cases: readonly (readonly [string, Request, number])[] = [
      ['start beyond the next block', { start: height + 1, stop: FOREVER }, common.Status.NOT_FOUND],
      ['stop before start', { start: 3, stop: 2 }, common.Status.BAD_REQUEST],
      ['no start', { stop: 2 }, common.Status.BAD_REQUEST],
      ['no stop', { start: 2 }, common.Status.BAD_REQUEST],
      ['another channel', { start: 0, stop: 0, channelId: 'another' }, common.Status.NOT_FOUND],
      ['an old request', { start: 0, stop: 0, at: Date.now() - 20 * 60_000 }, common.Status.BAD_REQUEST],
      ['not ready', { start: height, stop: FOREVER, failIfNotReady: true }, common.Status.NOT_FOUND],
    ];
    for (const [what, asked, expected] of cases) expect((await ask(asked)).status, what).to.equal(expected);
  });

  it('serves readers alone: an orderer is none of the application', async () => {
    const { signer } = shared.consortium;
    const asked = { start: 0, stop: 0 };
    expect((await ask(asked, { signer: signer(LAKESIDE, 'peer') })).status).to.equal(common.Status.SUCCESS);
    expect((await ask(asked, { signer: signer(LAKESIDE, 'orderer') })).status).to.equal(
      common.Status.FORBIDDEN,
    );
    const forged = { ...client(RIVERSIDE), sign: (message: Uint8Array) => client(LAKESIDE).sign(message) };
    expect((await ask(asked, { signer: forged })).status).to.equal(common.Status.FORBIDDEN);
  });

  it('does not serve someone whose certificate has ended', async () => {
    const later = Date.now() + 100 * 365 * 24 * 3_600_000;
    now = () => later;
    try {
      const { status } = await ask({ start: 0, stop: 0, at: later });
      expect(status).to.equal(common.Status.FORBIDDEN);
    } finally {
      now = Date.now;
    }
  });

  it('waits for blocks to come, and serves one request after another on a stream', async () => {
    const { ledger, consortium } = shared;
    const stream = open('Deliver', SENTINEL);
    const responses = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer, undefined>;
    const next = async (): Promise<peer.DeliverResponse> => {
      const result = await responses.next();
      if (result.done === true) throw new Error('the stream ended');
      return peer.DeliverResponse.deserializeBinary(result.value);
    };
    stream.write(request(client(SENTINEL), { start: 0, stop: 0 }));
    expect((await next()).getBlock()?.getHeader()?.getNumber()).to.equal(0);
    expect((await next()).getStatus()).to.equal(common.Status.SUCCESS);
    const { height } = ledger;
    stream.write(request(client(SENTINEL), { start: height, stop: FOREVER }));
    const coming = next();
    await commitTogether(ledger, [transaction(ledger, consortium, { content: { writes: { later: 'x' } } })]);
    expect((await coming).getBlock()?.getHeader()?.getNumber()).to.equal(height);
    stream.cancel();
    const end = await responses.next().catch((error: unknown) => error);
    expect(end).to.have.property('code', status.CANCELLED);
  });

  it('filters: codes and names of all transactions, never a payload', async () => {
    const { blocks } = await ask({ start: number, stop: number }, { method: 'DeliverFiltered' });
    const filtered = blocks[0]?.getFilteredBlock();
    expect(filtered?.getChannelId()).to.equal(CHANNEL);
    expect(filtered?.getNumber()).to.equal(number);
    const all = filtered?.getFilteredTransactionsList() ?? [];
    expect(all.map((one) => one.getTxValidationCode())).to.deep.equal([0, 0, 10]);
    const events = all.map((one) =>
      (one.getTransactionActions()?.getChaincodeActionsList() ?? []).map((action) =>
        action.getChaincodeEvent(),
      ),
    );
    expect(events.map((list) => list.map((event) => event?.getEventName()))).to.deep.equal([
      [],
      ['logged'],
      ['logged'],
    ]);
    expect(events[1]?.[0]?.getPayload_asU8()).to.have.length(0);
    expect(Buffer.from(filtered?.serializeBinary() ?? []).includes('secret payload')).to.equal(false);
  });

  it('leaves out the data of ordinary blocks when only headers are asked for', async () => {
    const { blocks } = await ask({ start: 0, stop: 1, headersOnly: true });
    const [genesis, first] = blocks.map((response) => response.getBlock());
    expect(genesis?.getData()?.getDataList()).to.have.length(1);
    expect(first?.getData()?.getDataList()).to.have.length(0);
    expect(first?.getMetadata()?.getMetadataList()).to.have.length(5);
  });

  describe('with private data', () => {
    async function collectionsSeen(by: string, at: string, block = number): Promise<string[][]> {
      const { blocks, status } = await ask(
        { start: block, stop: block },
        { by, at, method: 'DeliverWithPrivateData' },
      );
      expect(status).to.equal(common.Status.SUCCESS);
      const both = blocks[0]?.getBlockAndPrivateData();
      expect(both?.getBlock()?.getHeader()?.getNumber()).to.equal(block);
      const found: string[][] = [];
      for (const [tx, set] of both?.getPrivateDataMapMap().entries() ?? []) {
        for (const namespace of set.getNsPvtRwsetList()) {
          for (const collection of namespace.getCollectionPvtRwsetList()) {
            const writes = ledgerProtos.rwset.kvrwset.KVRWSet.deserializeBinary(
              collection.getRwset_asU8(),
            ).getWritesList();
            const values = writes.map((write) => Buffer.from(write.getValue_asU8()).toString('latin1'));
            found.push([
              String(tx),
              namespace.getNamespace(),
              collection.getCollectionName(),
              ...values.slice(0, 1),
            ]);
          }
        }
      }
      return found;
    }

    it('a member gets its collection from a member’s peer', async () => {
      for (const mspId of MEMBERS) {
        for (const at of MEMBERS) {
          expect(await collectionsSeen(mspId, at)).to.deep.equal([['0', CHAINCODE, CUSTODY, 'private']]);
        }
      }
    });
    it('nobody gets it from a peer that does not hold it', async () => {
      expect(await collectionsSeen(RIVERSIDE, LAKESIDE)).to.deep.equal([]);
      expect(await collectionsSeen(LAKESIDE, LAKESIDE)).to.deep.equal([]);
    });
    it('a non-member gets the block without it, even from a member’s peer', async () => {
      expect(await collectionsSeen(LAKESIDE, RIVERSIDE)).to.deep.equal([]);
    });
    it('an approval is with its own organisation’s peer', async () => {
      const own = await collectionsSeen(LAKESIDE, LAKESIDE, 1);
      expect(own.map(([, , collection]) => collection)).to.deep.equal([`_implicit_org_${LAKESIDE}`]);
    });
  });
});
