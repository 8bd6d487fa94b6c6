import { connect } from 'node:http2';
import { isIP } from 'node:net';
import type { ClientHttp2Session, ClientHttp2Stream, SecureClientSessionOptions } from 'node:http2';
import { FRAME_HEADER_BYTES } from './message.js';

const METHOD = '/protos.Chaincode/Connect';
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
/** Big enough that window updates do not cost a round trip while large values pass. */
const WINDOW_BYTES = 8 * 1024 * 1024;
const MESSAGES_A_TURN = 4;
const PING_INTERVAL_MS = 60_000;
const PING_TIMEOUT_MS = 20_000;

export interface ChaincodeTls {
  /** PEM of the CA that the chaincode server's certificate chains to. */
  readonly rootCert: Buffer;
  /** PEM; present when the chaincode server asks for client certificates. */
  readonly clientCert?: Buffer;
  readonly clientKey?: Buffer;
  /** Name in the server's certificate, where it is not the host of the address. */
  readonly serverName?: string;
}

/** Where a chaincode server listens: Fabric's connection.json. */
export interface ChaincodeEndpoint {
  /** `label:hash`; the chaincode server registers under it. */
  readonly packageId: string;
  /** `host:port` */
  readonly address: string;
  readonly tls?: ChaincodeTls;
}

export interface ConnectionListener {
  message(bytes: Buffer): void;
  /** Once, when the stream is over for whatever reason. No message comes after it. */
  ended(reason: string): void;
}

/**
 * One bidirectional gRPC stream to a chaincode server, spoken straight over HTTP/2. A transaction makes hundreds of
 * small round trips on it: grpc-js costs more than the rest of the round trip together, and sends each answer on its
 * own, where this puts all answers of one turn of the event loop into one write.
 */
export class ChaincodeConnection {
  private readonly session: ClientHttp2Session;
  private readonly stream: ClientHttp2Stream;
  private readonly pinger: NodeJS.Timeout;
  private outgoing: Buffer[] = [];
  private incoming: Buffer[] = [];
  private incomingLength = 0;
  private needed = FRAME_HEADER_BYTES;
  private over = false;
  private arrived: Buffer[] = [];
  private pumping = false;

  constructor(
    endpoint: ChaincodeEndpoint,
    dialTimeoutMs: number,
    private readonly listener: ConnectionListener,
  ) {
    this.session = connect(
      `${endpoint.tls === undefined ? 'http' : 'https'}://${endpoint.address}`,
      sessionOptions(endpoint),
    );
    const dialTimer = setTimeout(() => {
      this.end(`no connection to ${endpoint.address} within ${dialTimeoutMs} ms`);
    }, dialTimeoutMs);
    this.session.once('connect', () => {
      clearTimeout(dialTimer);
      // It may have been given up while it connected: to a server that is stopped, say.
      if (!this.session.destroyed) this.session.setLocalWindowSize(WINDOW_BYTES);
    });
    this.session.once('close', () => {
      clearTimeout(dialTimer);
      this.end('connection closed');
    });
    this.session.on('error', (error: Error) => {
      this.end(error.message);
    });
    this.stream = this.session.request(
      { ':method': 'POST', ':path': METHOD, 'content-type': 'application/grpc', te: 'trailers' },
      { endStream: false },
    );
    this.stream.on('response', (headers) => {
      const status = headers[':status'];
      const grpcStatus = headers['grpc-status'];
      if (status !== 200 || grpcStatus !== undefined) {
        const text = String(headers['grpc-message'] ?? '');
        this.end(`answered with HTTP status ${String(status)}, gRPC status ${String(grpcStatus)} ${text}`);
      }
    });
    this.stream.on('data', (chunk: Buffer) => {
      this.receive(chunk);
    });
    this.stream.on('error', (error: Error) => {
      this.end(error.message);
    });
    this.stream.once('close', () => {
      this.end('stream closed');
    });
    this.pinger = setInterval(() => {
      this.ping();
    }, PING_INTERVAL_MS);
    this.pinger.unref();
  }

  /** Queues a framed message; everything queued in this turn of the event loop goes out together. */
  send(framed: Buffer): void {
    if (this.over) {
      return;
    }
    if (this.outgoing.length === 0) {
      setImmediate(this.flush);
    }
    this.outgoing.push(framed);
  }

  close(): void {
    this.end('closed by the peer');
  }

  private readonly flush = (): void => {
    const { outgoing } = this;
    this.outgoing = [];
    if (!this.over) {
      const [first] = outgoing;
      this.stream.write(outgoing.length === 1 ? first : Buffer.concat(outgoing));
    }
  };

  private receive(chunk: Buffer): void {
    let data = chunk;
    if (this.incomingLength > 0) {
      this.incoming.push(chunk);
      this.incomingLength += chunk.length;
      if (this.incomingLength < this.needed) {
        return;
      }
      data = Buffer.concat(this.incoming, this.incomingLength);
    }
    const consumed = this.deliver(data);
    const rest = data.length - consumed;
    this.incoming = rest > 0 ? [data.subarray(consumed)] : [];
    this.incomingLength = rest;
  }

  /** Hands over every complete message and returns how many bytes they took. */
  private deliver(data: Buffer): number {
    let position = 0;
    this.needed = FRAME_HEADER_BYTES;
    while (data.length - position >= FRAME_HEADER_BYTES && !this.over) {
      const length = data.readUInt32BE(position + 1);
      if (data[position] !== 0 || length > MAX_MESSAGE_BYTES) {
        this.end('the chaincode server sent a compressed message or one of more than 100 MiB');
        break;
      }
      const end = position + FRAME_HEADER_BYTES + length;
      if (end > data.length) {
        this.needed = FRAME_HEADER_BYTES + length;
        break;
      }
      this.arrived.push(data.subarray(position + FRAME_HEADER_BYTES, end));
      position = end;
    }
    if (!this.pumping) {
      this.pump();
    }
    return position;
  }

  /**
   * Hands over a few messages a turn of the event loop, so that their answers go out before the others are looked at:
   * otherwise ledger and chaincode would take turns, each idle while the other works through all that it sent.
   */
  private readonly pump = (): void => {
    const turn = this.arrived.splice(0, MESSAGES_A_TURN);
    this.pumping = this.arrived.length > 0;
    if (this.pumping) {
      setImmediate(this.pump);
    }
    for (const message of turn) {
      if (this.over) {
        return;
      }
      this.listener.message(message);
    }
  };

  private ping(): void {
    const timer = setTimeout(() => {
      this.end('no answer to a keepalive ping');
    }, PING_TIMEOUT_MS);
    timer.unref();
    if (
      this.session.destroyed ||
      !this.session.ping(() => {
        clearTimeout(timer);
      })
    ) {
      clearTimeout(timer);
    }
  }

  private end(reason: string): void {
    if (this.over) {
      return;
    }
    this.over = true;
    clearInterval(this.pinger);
    this.session.destroy();
    this.listener.ended(reason);
  }
}

function sessionOptions({ address, tls }: ChaincodeEndpoint): SecureClientSessionOptions {
  const common = { settings: { initialWindowSize: WINDOW_BYTES, enablePush: false } };
  if (tls === undefined) {
    return common;
  }
  const host = address.slice(0, address.lastIndexOf(':'));
  return {
    ...common,
    ca: tls.rootCert,
    ...(tls.clientCert === undefined ? {} : { cert: tls.clientCert }),
    ...(tls.clientKey === undefined ? {} : { key: tls.clientKey }),
    minVersion: 'TLSv1.2',
    // An address has no place in SNI; the certificate is checked against it all the same.
    ...(tls.serverName === undefined && isIP(host) !== 0 ? {} : { servername: tls.serverName ?? host }),
  };
}
