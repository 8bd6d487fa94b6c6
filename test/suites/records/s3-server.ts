import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Configuration } from '@consent-ledger/gateway/internal/config/stores';
import { connectToS3 } from '@consent-ledger/gateway/internal/adapters/records/s3-calls';
import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { newTlsAuthority } from '../../support/tls.js';

const require = createRequire(import.meta.url);

/** As the server of the tests has it; it brings no types of its own. */
type S3rver = new (options: object) => {
  run(): Promise<unknown>;
  close(): Promise<void>;
  httpServer: Server;
};

const MIB = 1024 ** 2;
const BUCKET = 'records';

/** A server that speaks S3, over TLS, with one bucket; and how the gateway is told of it. */
export interface S3Server {
  readonly configuration: S3Configuration;
  /** Keys of all objects that there are. */
  objects(): Promise<string[]>;
  /** Nobody reaches it until it is resumed. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  close(): Promise<void>;
}

export async function startS3Server(): Promise<S3Server> {
  const Server = require('@20minutes/s3rver') as S3rver;
  const folder = mkdtempSync(join(tmpdir(), 'consent-ledger-s3-'));
  const authority = await newTlsAuthority('CA of an S3 server');
  const options = {
    ...(await authority.issue()),
    address: '127.0.0.1',
    silent: true,
    // It adds a slash to the address of a bucket before it verifies, and the client signs the address as it is.
    allowMismatchedSignatures: true,
    directory: join(folder, 'data'),
    configureBuckets: [{ name: BUCKET, configs: [] }],
  };
  let server = new Server({ ...options, port: 0 });
  await server.run();
  const { port } = server.httpServer.address() as AddressInfo;
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const configuration: S3Configuration = {
    kind: 's3',
    endpoint: `https://127.0.0.1:${port}`,
    region: 'us-east-1',
    bucket: BUCKET,
    prefix: 'riverside/',
    pathStyle: true,
    credentialsFile: file(
      'credentials.json',
      JSON.stringify({ accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' }),
    ),
    tlsCa: file('ca.pem', authority.certificate),
    partBytes: 5 * MIB,
    deadlineMs: 20_000,
  };
  const end = async (): Promise<void> => {
    server.httpServer.closeAllConnections();
    await server.close();
  };
  return {
    configuration,
    async objects() {
      const client = connectToS3(configuration);
      const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
      client.destroy();
      return Contents.map(({ Key = '' }) => Key);
    },
    pause: end,
    async resume() {
      server = new Server({ ...options, port });
      await server.run();
    },
    async close() {
      await end();
      rmSync(folder, { recursive: true });
    },
  };
}
