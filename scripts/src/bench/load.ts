import { connect, type TLSSocket } from 'node:tls';

export interface Target {
  readonly host: string;
  readonly port: number;
  /** PEM of the CA that vouches for the server. */
  readonly ca: Buffer;
}

export interface Measured {
  readonly perSecond: number;
  /** Milliseconds from the moment at which a request was due to the last byte of its answer. */
  readonly latencies: readonly number[];
}

const HEADERS_END = Buffer.from('\r\n\r\n');

/** One keep-alive connection, one request at a time; as little work for each as there can be, since the server shares the machine. */
class Connection {
  readonly #socket: TLSSocket;
  #waiting: { resolve: (body: Buffer) => void; reject: (error: Error) => void } | undefined;
  /** What has come of an answer: its bytes are put together once it is whole, or a big one would be copied over and over. */
  #chunks: Buffer[] = [];
  #length = 0;
  #expected = -1;

  constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => {
      this.#take(chunk);
    });
    socket.once('error', (error: Error) => this.#waiting?.reject(error));
    socket.once('close', () => this.#waiting?.reject(new Error('the server closed a connection')));
  }

  /** Body of the answer. Rejects for any status but 200. */
  send(request: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#socket.destroyed) reject(new Error('the server closed a connection that was idle'));
      else this.#socket.write(request);
    });
  }

  close(): void {
    this.#socket.removeAllListeners('close');
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (this.#expected < 0) this.#readHead();
    if (this.#expected < 0 || this.#length < this.#expected) return;
    const received = this.#joined();
    const bodyStart = received.indexOf(HEADERS_END) + HEADERS_END.length;
    const body = received.subarray(bodyStart, this.#expected);
    this.#chunks = [];
    this.#length = 0;
    this.#expected = -1;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(body);
  }

  #readHead(): void {
    const received = this.#joined();
    const end = received.indexOf(HEADERS_END);
    if (end < 0) return;
    const head = received.toString('latin1', 0, end);
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? Number.NaN);
    if (head.startsWith('HTTP/1.1 200 ') && !Number.isNaN(length)) {
      this.#expected = end + HEADERS_END.length + length;
      return;
    }
    this.#waiting?.reject(
      new Error(`an answer that was not asked for: ${received.toString('utf8').slice(0, 800)}`),
    );
  }

  #joined(): Buffer {
    const [only] = this.#chunks;
    return only !== undefined && this.#chunks.length === 1 ? only : Buffer.concat(this.#chunks, this.#length);
  }
}

/** Keep-alive connections to one server. */
export class Load {
  private constructor(private readonly connections: readonly Connection[]) {}

  static async open({ host, port, ca }: Target, count: number): Promise<Load> {
    const opened = Array.from(
      { length: count },
      () =>
        new Promise<Connection>((resolve, reject) => {
          const socket = connect({ host, port, ca, ALPNProtocols: ['http/1.1'] }, () => {
            resolve(new Connection(socket));
          });
          socket.once('error', reject);
        }),
    );
    return new Load(await Promise.all(opened));
  }

  async once(request: Buffer): Promise<Buffer> {
    const [first] = this.connections;
    if (first === undefined) throw new RangeError('no connection');
    return first.send(request);
  }

  /** As fast as the answers come, on every connection, for so many seconds. */
  async full(requests: () => Buffer, seconds: number): Promise<Measured> {
    const latencies: number[] = [];
    const began = performance.now();
    const until = began + seconds * 1_000;
    const run = async (connection: Connection): Promise<void> => {
      for (let now = performance.now(); now < until;) {
        await connection.send(requests());
        const after = performance.now();
        latencies.push(after - now);
        now = after;
      }
    };
    await Promise.all(this.connections.map(run));
    return { perSecond: latencies.length / ((performance.now() - began) / 1_000), latencies };
  }

  /**
   * So many requests a second, whether answers come or not: a request that finds no free connection waits for one, and that
   * counts (no coordinated omission).
   */
  async paced(requests: () => Buffer, perSecond: number, seconds: number): Promise<Measured> {
    const idle = [...this.connections];
    const due: number[] = [];
    const latencies: number[] = [];
    const failures: unknown[] = [];
    const began = performance.now();
    const dispatch = (): void => {
      for (;;) {
        const at = due[0];
        const connection = at === undefined ? undefined : idle.pop();
        if (at === undefined || connection === undefined) return;
        due.shift();
        connection.send(requests()).then(
          () => {
            latencies.push(performance.now() - at);
            idle.push(connection);
            dispatch();
          },
          (error: unknown) => failures.push(error),
        );
      }
    };
    let scheduled = 0;
    await new Promise<void>((resolve) => {
      const tick = (): void => {
        const passed = performance.now() - began;
        const wanted = Math.floor((Math.min(passed, seconds * 1_000) / 1_000) * perSecond);
        for (; scheduled < wanted; scheduled += 1) due.push(began + (scheduled / perSecond) * 1_000);
        dispatch();
        if (failures.length > 0 || (passed > seconds * 1_000 && idle.length === this.connections.length))
          resolve();
        else setTimeout(tick, 1);
      };
      tick();
    });
    if (failures.length > 0) throw failures[0];
    return { perSecond: latencies.length / ((performance.now() - began) / 1_000), latencies };
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }
}

/** The bytes of a POST with a token. */
export function postOf({ host, port }: Target, path: string, token: string, body: object): Buffer {
  const json = Buffer.from(JSON.stringify(body));
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: ${host}:${port}`,
    `Authorization: Bearer ${token}`,
    'Content-Type: application/json',
    `Content-Length: ${json.length}`,
  ];
  return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), json]);
}

/** The bytes of a GET with a token. */
export function getOf({ host, port }: Target, path: string, token: string): Buffer {
  const head = [`GET ${path} HTTP/1.1`, `Host: ${host}:${port}`, `Authorization: Bearer ${token}`];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
}
