import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and a server, and does what networks do on bad days. */
export class TcpProxy {
  /** Milliseconds that every byte is late, in both directions. */
  delayMs = 0;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #server: Server | undefined;
  #isFrozen = false;
  #port = 0;

  private constructor(target: string) {
    const colon = target.lastIndexOf(':');
    this.#target = { host: target.slice(0, colon), port: Number(target.slice(colon + 1)) };
  }

  /** @param target `host:port` */
  static async to(target: string): Promise<TcpProxy> {
    const proxy = new TcpProxy(target);
    await proxy.#listen();
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  /** Bytes are taken and go nowhere, as if the other side were stopped. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** What is connected now stays lost; what connects from now on is served. */
  thaw(): void {
    this.#isFrozen = false;
    this.#drop();
  }

  /** Nobody listens any more, and what was connected is broken off. */
  async cut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#drop();
    if (server === undefined) return;
    server.close();
    await once(server, 'close');
  }

  async mend(): Promise<void> {
    if (this.#server === undefined) await this.#listen();
  }

  async #listen(): Promise<void> {
    this.#server = createServer((client) => {
      this.#serve(client);
    }).listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  #serve(client: Socket): void {
    const upstream = connect(this.#target);
    const pair = [client, upstream] as const;
    this.#pairs.add(pair);
    this.#pass(client, upstream);
    this.#pass(upstream, client);
    for (const socket of pair) {
      // Whichever side breaks off, the other one is told by that.
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        this.#pairs.delete(pair);
        client.destroy();
        upstream.destroy();
      });
    }
  }

  #pass(from: Socket, to: Socket): void {
    from.on('data', (bytes) => {
      if (this.#isFrozen) return;
      if (this.delayMs === 0) to.write(bytes);
      else setTimeout(() => to.write(bytes), this.delayMs);
    });
  }

  #drop(): void {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#pairs.clear();
  }
}
