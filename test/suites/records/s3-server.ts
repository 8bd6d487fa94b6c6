import { createRequire } from 'node:module';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Configuration } from '@consent-ledger/gateway/internal/config/stores';
import { newTlsAuthority } from '../../support/tls.js';

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
  close(): Promise<void>;
}

export async function startS3Server(): Promise<S3Server> {
  const Server = createRequire(import.meta.url)('@20minutes/s3rver') as S3rver;
  const folder = mkdtempSync(join(tmpdir(), 'consent-ledger-s3-'));
  const authority = await newTlsAuthority('CA of an S3 server');
  const server = new Server({
    ...(await authority.issue()),
    address: '127.0.0.1',
    port: 0,
    silent: true,
    // It adds a slash to the address of a bucket before it verifies, and the client signs the address as it is.
    allowMismatchedSignatures: true,
    directory: join(folder, 'data'),
    configureBuckets: [{ name: BUCKET, configs: [] }],
  });
  await server.run();
  const { port } = server.httpServer.address() as AddressInfo;
  const file = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  return {
    configuration: {
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
    },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}
