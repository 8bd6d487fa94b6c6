import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, credentials, type ClientOptions } from '@grpc/grpc-js';
import { connect, hash, type Gateway, type Identity, type Signer } from '@hyperledger/fabric-gateway';
import { ConfigurationError } from '../../config/load.js';
import type { Configuration } from '../../config/schema.js';
import { createSigner } from './signer.js';

type LedgerConfiguration = Configuration['ledger'];
type PeerConfiguration = LedgerConfiguration['peer'];

/** One signing identity at one peer. */
export interface Session {
  readonly gateway: Gateway;
  readonly signer: Signer;
}

/** One peer of the own organisation. */
export interface Endpoint {
  readonly address: string;
  readonly client: Session;
  /** Only where the configuration has one: registers the member. */
  readonly admin: Session | undefined;
  close(): void;
}

const MESSAGE_BYTES = 100 * 1024 * 1024;

interface Signing {
  readonly identity: Identity;
  readonly signer: Signer;
}

/**
 * The peers of the own organisation in the order of the configuration, each with one TLS connection that all identities share.
 * It is opened with the first call and comes back by itself. Throws a ConfigurationError for identities that cannot sign.
 */
export function openEndpoints(
  mspId: string,
  ledger: LedgerConfiguration,
  deadlines: Configuration['deadlines'],
): readonly [Endpoint, ...Endpoint[]] {
  const client = signingOf(mspId, 'ledger', ledger);
  const admin = ledger.admin === undefined ? undefined : signingOf(mspId, 'ledger.admin', ledger.admin);
  const open = (peer: PeerConfiguration): Endpoint =>
    openEndpoint(peer, client, admin, ledger.keepaliveSeconds, deadlines);
  return [open(ledger.peer), ...ledger.otherPeers.map(open)];
}

function openEndpoint(
  peer: PeerConfiguration,
  client: Signing,
  admin: Signing | undefined,
  keepaliveSeconds: number,
  deadlines: Configuration['deadlines'],
): Endpoint {
  const channel = new Client(
    peer.address,
    credentials.createSsl(readFileSync(peer.tlsCa)),
    channelOptions(peer.serverName, keepaliveSeconds),
  );
  const sessions: Session[] = [];
  const session = (signing: Signing): Session => {
    const opened = { gateway: gatewayOf(channel, signing, deadlines), signer: signing.signer };
    sessions.push(opened);
    return opened;
  };
  return {
    address: peer.address,
    client: session(client),
    admin: admin === undefined ? undefined : session(admin),
    close() {
      for (const { gateway } of sessions) gateway.close();
      channel.close();
    },
  };
}

/** No call of this client is without a deadline; streams get theirs where they are opened. */
function gatewayOf(client: Client, signing: Signing, deadlines: Configuration['deadlines']): Gateway {
  const within = (milliseconds: number) => (): { deadline: number } => ({
    deadline: Date.now() + milliseconds,
  });
  return connect({
    client,
    ...signing,
    hash: hash.none,
    evaluateOptions: within(deadlines.evaluateMs),
    endorseOptions: within(deadlines.endorseMs),
    submitOptions: within(deadlines.submitMs),
    commitStatusOptions: within(deadlines.evaluateMs),
  });
}

/** A key of another kind, or of another certificate, would make a gateway whose every call is refused without a reason. */
function signingOf(
  mspId: string,
  place: string,
  files: Readonly<Record<'certificate' | 'privateKey', string>>,
): Signing {
  const certificate = readFileSync(files.certificate);
  const key = createPrivateKey(readFileSync(files.privateKey));
  if (!new X509Certificate(certificate).checkPrivateKey(key)) {
    throw new ConfigurationError(`${place}.privateKey: must be the key of ${place}.certificate`);
  }
  try {
    return { identity: { mspId, credentials: certificate }, signer: createSigner(key) };
  } catch (error) {
    throw new ConfigurationError(`${place}.privateKey: must be a key on P-256`, { cause: error });
  }
}

/** How long a peer may take to answer a ping: then it is as good as gone, and what waits for it is told. */
const KEEPALIVE_TIMEOUT_MS = 5_000;

function channelOptions(serverName: string | undefined, keepaliveSeconds: number): ClientOptions {
  return {
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
    // There is always a call to ping for: the block stream.
    'grpc.keepalive_time_ms': keepaliveSeconds * 1_000,
    'grpc.keepalive_timeout_ms': KEEPALIVE_TIMEOUT_MS,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
    ...(serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName }),
  };
}
