import { Server, ServerCredentials } from '@grpc/grpc-js';
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js';

const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
/** How long calls may go on after a listener closed, in ms. */
const DRAIN_MS = 2_000;

const SERVER_OPTIONS = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.enable_channelz': 0,
};

/** Where to listen, and as whom. */
export interface ListenSettings {
  /** `host:port`; port 0 takes a free one. */
  readonly listen: string;
  /** PEM */
  readonly tls: { readonly key: Buffer; readonly certificate: Buffer };
}

/** A TLS listener with gRPC services. */
export class Listener {
  readonly #server = new Server(SERVER_OPTIONS);

  serve(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void {
    this.#server.addService(definition, implementation);
  }

  /** Gives `host:port`. Rejects when the address cannot be had. */
  async open({ listen, tls }: ListenSettings): Promise<string> {
    const credentials = ServerCredentials.createSsl(null, [
      { private_key: tls.key, cert_chain: tls.certificate },
    ]);
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(listen, credentials, (error, bound) => {
        if (error === null) {
          resolve(bound);
        } else {
          reject(new Error(`cannot listen on ${listen}: ${error.message}`, { cause: error }));
        }
      });
    });
    return `${listen.slice(0, listen.lastIndexOf(':'))}:${port}`;
  }

  /**
   * Lets running calls end for a moment, then ends them: event streams would go on for ever. A client that does not
   * read what it was sent can hold its connection open all the same; nobody waits for that.
   */
  async close(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, DRAIN_MS);
      this.#server.tryShutdown(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
