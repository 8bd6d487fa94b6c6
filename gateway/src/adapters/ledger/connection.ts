import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, credentials, type ClientOptions } from '@grpc/grpc-js';
import { connect, hash, type Gateway, type Identity, type Signer } from '@hyperledger/fabric-gateway';
import type { Configuration } from '../../config/schema.js';
import { createSigner } from './signer.js';

type LedgerConfiguration = Configuration['ledger'];

/** One signing identity on the own peer. */
export interface Session {
  readonly gateway: Gateway;
  readonly signer: Signer;
}

export interface Connection {
  readonly client: Session;
  /** Only where the configuration has one: registers the member. */
  readonly admin: Session | undefined;
  close(): void;
}

const MESSAGE_BYTES = 100 * 1024 * 1024;

/** One TLS connection to the own peer; it is opened with the first call and comes back by itself. */
export function connectToPeer(
  mspId: string,
  ledger: LedgerConfiguration,
  deadlines: Configuration['deadlines'],
): Connection {
  const channel = new Client(
    ledger.peer.address,
    credentials.createSsl(readFileSync(ledger.peer.tlsCa)),
    channelOptions(ledger.peer.serverName),
  );
  const within = (milliseconds: number) => (): { deadline: number } => ({
    deadline: Date.now() + milliseconds,
  });
  const session = (identity: IdentityFiles): Session => {
    const signer = createSigner(createPrivateKey(readFileSync(identity.privateKey)));
    const gateway = connect({
      client: channel,
      identity: identityOf(mspId, identity),
      signer,
      hash: hash.none,
      evaluateOptions: within(deadlines.evaluateMs),
      endorseOptions: within(deadlines.endorseMs),
      submitOptions: within(deadlines.submitMs),
      commitStatusOptions: within(deadlines.commitMs),
    });
    return { gateway, signer };
  };
  const client = session(ledger);
  const admin = ledger.admin === undefined ? undefined : session(ledger.admin);
  return {
    client,
    admin,
    close() {
      client.gateway.close();
      admin?.gateway.close();
      channel.close();
    },
  };
}

type IdentityFiles = Readonly<Record<'certificate' | 'privateKey', string>>;

function identityOf(mspId: string, { certificate }: IdentityFiles): Identity {
  return { mspId, credentials: readFileSync(certificate) };
}

function channelOptions(serverName: string | undefined): ClientOptions {
  return {
    'grpc.max_receive_message_length': MESSAGE_BYTES,
    'grpc.max_send_message_length': MESSAGE_BYTES,
    // Fabric's servers refuse pings that come more often than once a minute.
    'grpc.keepalive_time_ms': 60_000,
    'grpc.keepalive_timeout_ms': 20_000,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1_000,
    ...(serverName === undefined ? {} : { 'grpc.ssl_target_name_override': serverName }),
  };
}
