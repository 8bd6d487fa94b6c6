import { ConsentChaincode, type Answer, type Environment } from '@consent-ledger/chaincode/contracts';
import { expect } from 'chai';
import { createHash } from 'node:crypto';

/** What a client proposes. */
export interface Proposal {
  readonly args: readonly string[];
  readonly transient?: Readonly<Record<string, Uint8Array>>;
  readonly mspId: string;
  /** PEM of the signing certificate. */
  readonly certificate: string;
  /** Epoch milliseconds of the proposal's timestamp. */
  readonly at: number;
}

export interface Simulation extends Answer {
  /** `collection/key` (public keys under `/key`) to what was read: hash of the value or `absent`. */
  readonly reads: ReadonlyMap<string, string>;
  readonly writes: ReadonlyMap<string, Buffer>;
  readonly purges: ReadonlySet<string>;
  readonly transaction: string;
  /** State operations of one execution, each a round trip to the peer. */
  readonly roundTrips: number;
}

/** Members of the private collections: who may read and write them. */
export type Collections = ReadonlyMap<string, readonly string[]>;

/**
 * Just enough of Fabric to be strict about it: reads come from the state before the transaction and never show its own
 * writes; private collections are open to clients of their members alone; an operation after the answer is an error; and
 * two endorsers execute everything, and must agree on every byte that they read and write.
 */
export class FakeLedger {
  readonly state = new Map<string, Buffer>();
  readonly failures: unknown[] = [];
  #count = 0;

  constructor(
    private readonly collections: Collections,
    private readonly clock: () => number,
    readonly maxSkew = 120_000,
    readonly minEpoch = 30_000,
  ) {}

  /** Executes and, where the chaincode did not refuse, commits. */
  async submit(proposal: Proposal): Promise<Simulation> {
    const simulation = await this.endorse(proposal);
    if (simulation.status < 400) this.commit(simulation);
    return simulation;
  }

  async endorse(proposal: Proposal): Promise<Simulation> {
    this.#count += 1;
    const transaction = createHash('sha256').update(`transaction ${this.#count}`).digest('hex');
    const [first, second] = [
      await this.#execute(proposal, transaction),
      await this.#execute(proposal, transaction),
    ];
    expect(first, 'two endorsers agree').to.deep.equal(second);
    return first;
  }

  commit({ writes, purges }: Pick<Simulation, 'writes' | 'purges'>): void {
    for (const [key, value] of writes) this.state.set(key, value);
    for (const key of purges) this.state.delete(key);
  }

  /** Everything that the ledger holds, by `collection/key`. */
  values(): ReadonlyMap<string, Record<string, unknown>> {
    return new Map(
      [...this.state].map(([key, value]) => [key, JSON.parse(value.toString()) as Record<string, unknown>]),
    );
  }

  async #execute(proposal: Proposal, transaction: string): Promise<Simulation> {
    const environment: Environment = {
      now: this.clock,
      maxSkew: this.maxSkew,
      minEpoch: this.minEpoch,
      reportFailure: ({ error }) => this.failures.push(error),
    };
    const stub = new FakeStub(this.state, this.collections, proposal, transaction);
    const answer = await new ConsentChaincode(environment).Invoke(stub);
    stub.end();
    const { reads, writes, purges, roundTrips } = stub;
    return { ...answer, reads, writes, purges, transaction, roundTrips };
  }
}

class FakeStub {
  readonly reads = new Map<string, string>();
  readonly writes = new Map<string, Buffer>();
  readonly purges = new Set<string>();
  roundTrips = 0;
  readonly #puts: (() => void)[] = [];
  #running = 0;
  #ended = false;

  constructor(
    private readonly state: ReadonlyMap<string, Buffer>,
    private readonly collections: Collections,
    private readonly proposal: Proposal,
    private readonly transaction: string,
  ) {}

  getArgs(): string[] {
    return [...this.proposal.args];
  }

  getTxID(): string {
    return this.transaction;
  }

  getTxTimestamp(): { seconds: { toNumber(): number }; nanos: number } {
    const seconds = Math.floor(this.proposal.at / 1_000);
    return { seconds: { toNumber: () => seconds }, nanos: (this.proposal.at - seconds * 1_000) * 1_000_000 };
  }

  getCreator(): { mspid: string; idBytes: Uint8Array } {
    return { mspid: this.proposal.mspId, idBytes: Buffer.from(this.proposal.certificate) };
  }

  getTransient(): Map<string, Uint8Array> {
    return new Map(Object.entries(this.proposal.transient ?? {}));
  }

  getState(key: string): Promise<Uint8Array> {
    return this.#roundTrip(() => this.#read('', key));
  }

  getStateMultiple(keys: readonly string[]): Promise<readonly Uint8Array[]> {
    return this.#roundTrip(() => keys.map((key) => this.#read('', key)));
  }

  putState(key: string, value: Uint8Array): void {
    this.#puts.push(() => {
      this.#write('', key, value);
    });
  }

  async *getStateByRange(startKey: string, endKey: string): AsyncGenerator<{ value: Uint8Array }> {
    const keys = [...this.state.keys()].filter(
      (key) => key.startsWith('/') && key.slice(1) >= startKey && key.slice(1) < endKey,
    );
    for (const key of keys.sort()) yield { value: await this.getState(key.slice(1)) };
  }

  getPrivateData(collection: string, key: string): Promise<Uint8Array> {
    return this.#roundTrip(() => {
      this.#guardMember(collection, 'read');
      return this.#read(collection, key);
    });
  }

  getPrivateDataHash(collection: string, key: string): Promise<Uint8Array> {
    return this.#roundTrip(() => {
      const value = this.#read(collection, key);
      return value.length === 0 ? value : createHash('sha256').update(value).digest();
    });
  }

  getPrivateDataMultiple(collection: string, keys: readonly string[]): Promise<readonly Uint8Array[]> {
    return this.#roundTrip(() => {
      this.#guardMember(collection, 'read');
      return keys.map((key) => this.#read(collection, key));
    });
  }

  putPrivateData(collection: string, key: string, value: Uint8Array): void {
    this.#puts.push(() => {
      this.#guardMember(collection, 'write');
      this.#write(collection, key, value);
    });
  }

  purgePrivateData(collection: string, key: string): void {
    this.#puts.push(() => {
      this.#guardMember(collection, 'write');
      this.purges.add(`${collection}/${key}`);
    });
  }

  finish(): Promise<void> {
    return this.#roundTrip(() => {
      for (const put of this.#puts.splice(0)) put();
    });
  }

  /** The answer has gone to the peer. */
  end(): void {
    expect(this.#running, 'operations that nobody waited for').to.equal(0);
    this.#ended = true;
  }

  #read(collection: string, key: string): Buffer {
    const value = this.state.get(`${collection}/${key}`) ?? Buffer.alloc(0);
    const hash = value.length === 0 ? 'absent' : createHash('sha256').update(value).digest('hex');
    this.reads.set(`${collection}/${key}`, hash);
    return Buffer.from(value);
  }

  #write(collection: string, key: string, value: Uint8Array): void {
    expect(value.length, 'an empty value would delete the key').to.be.greaterThan(0);
    this.writes.set(`${collection}/${key}`, Buffer.from(value));
  }

  #guardMember(collection: string, operation: 'read' | 'write'): void {
    const members = this.collections.get(collection);
    if (members === undefined)
      throw new Error(`collection [consent-ledger.${collection}] could not be found`);
    if (members.includes(this.proposal.mspId)) return;
    throw new Error(
      `tx creator does not have ${operation} access permission on privatedata in chaincodeName:consent-ledger collectionName: ${collection}`,
    );
  }

  /** Answers one after the other, later than the caller goes on, as the shim does. */
  async #roundTrip<Result>(operation: () => Result): Promise<Result> {
    if (this.#ended) throw new Error('An operation came after the answer.');
    this.roundTrips += 1;
    this.#running += 1;
    try {
      await new Promise((resolve) => setImmediate(resolve));
      return operation();
    } finally {
      this.#running -= 1;
    }
  }
}
