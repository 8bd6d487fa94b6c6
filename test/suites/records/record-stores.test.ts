import { openFileStore } from '@consent-ledger/gateway/internal/adapters/records/file-store';
import { openS3Store } from '@consent-ledger/gateway/internal/adapters/records/s3-store';
import { ciphertextLength } from '@consent-ledger/gateway/internal/release/streaming-aead';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';
import { ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { connectToS3 } from '@consent-ledger/gateway/internal/adapters/records/s3-calls';
import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bytesOf, digestOf, keeping, streamOf, type Inventory, type StoreOfTest } from './keeping.js';
import { startS3Server, type S3Server } from './s3-server.js';

const run = promisify(execFile);
const MIB = 1024 ** 2;
const hexOf = (digest: string): string => Buffer.from(digest, 'base64url').toString('hex');
const nothing = (): void => undefined;

describe('a store of records in files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-records-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const inventory = (): Promise<Inventory> => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) =>
      each.isFile(),
    );
    const isUnfinished = ({ parentPath }: { parentPath: string }): boolean => parentPath.endsWith('incoming');
    return Promise.resolve({
      finished: files.filter((each) => !isUnfinished(each)).map(({ name }) => name),
      unfinished: files.filter(isUnfinished).map(({ name }) => name),
    });
  };
  const opened = async (): Promise<StoreOfTest> => ({ store: await openFileStore(folder), inventory });

  keeping(opened);

  it('removes at the next start what a process left that died', async () => {
    await opened();
    writeFileSync(join(folder, 'incoming', 'half'), 'half of a record');
    await opened();
    expect(await inventory()).to.deep.equal({ finished: [], unfinished: [] });
  });

  it('lets nobody but its owner read them', async () => {
    const { store } = await opened();
    await store.keep(streamOf(bytesOf(10)), nothing);
    const files = readdirSync(folder, { recursive: true, withFileTypes: true });
    expect(files).to.have.length(3);
    for (const { parentPath, name } of files)
      expect(statSync(join(parentPath, name)).mode & 0o077).to.equal(0);
  });

  it('takes no more memory for a large record than for a small one', async function () {
    this.timeout(120_000);
    const script = fileURLToPath(new URL('large-record.js', import.meta.url));
    const most = async (size: number): Promise<number> => {
      const flags = ['--max-old-space-size=48', '--max-semi-space-size=4', script, folder, `${size}`];
      const { stdout } = await run(process.execPath, flags);
      const { isSame, bytes, kibibytes } = JSON.parse(stdout) as Record<string, number | boolean>;
      expect(isSame).to.equal(true);
      expect(bytes).to.equal(ciphertextLength(size));
      return Number(kibibytes);
    };
    const [small, large] = [await most(8 * MIB), await most(512 * MIB)];
    expect((large - small) / 1024, 'MiB').to.be.lessThan(64);
  });

  it('keeps nothing half where the disk is full, says so, and goes on when it is not', async () => {
    const script = fileURLToPath(new URL('full-disk.js', import.meta.url));
    // A limit on the size of files stands for the disk: to whoever writes it is the same.
    const { stdout } = await run('sh', [
      '-c',
      `ulimit -f 2048; exec "$0" "$1" "$2"`,
      process.execPath,
      script,
      folder,
    ]);
    expect(stdout.trim()).to.equal('store-unavailable kept');
    expect(await inventory()).to.deep.equal({ finished: [hexOf(digestOf(bytesOf(1_000)))], unfinished: [] });
  });
});

describe('a store of records on a server that speaks S3', function () {
  this.timeout(60_000);
  let server: S3Server;
  let store: Awaited<ReturnType<typeof openS3Store>> | undefined;

  beforeEach(async () => {
    server = await startS3Server();
  });
  afterEach(async () => {
    store?.close();
    store = undefined;
    await server.close();
  });

  async function inventory(): Promise<Inventory> {
    const client = connectToS3(server.configuration);
    const { bucket } = server.configuration;
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    const { Uploads = [] } = await client
      .send(new ListMultipartUploadsCommand({ Bucket: bucket }))
      .catch(() => ({ Uploads: [] }));
    client.destroy();
    const names = Contents.map(({ Key = '' }) => Key);
    return {
      finished: names.filter((name) => name.startsWith('riverside/records/')),
      unfinished: [
        ...names.filter((name) => !name.startsWith('riverside/records/')),
        ...Uploads.map(({ Key = '' }) => Key),
      ],
    };
  }
  const opened = async (): Promise<StoreOfTest> => {
    store = await openS3Store(server.configuration, Date.now);
    return { store, inventory };
  };

  keeping(opened);

  it('believes no server that the CA does not vouch for', async () => {
    const other = await startS3Server();
    const configuration = { ...server.configuration, tlsCa: other.configuration.tlsCa };
    const outcome = await openS3Store(configuration, Date.now).catch((error: unknown) => error);
    await other.close();
    expect(outcome).to.be.instanceOf(Refusal).and.include({ code: 'store-unavailable' });
  });

  it('takes no credentials that others can read, or that are none', async () => {
    const { credentialsFile } = server.configuration;
    chmodSync(credentialsFile, 0o644);
    expect(await opened().catch((error: unknown) => error)).to.be.instanceOf(Refusal);
    chmodSync(credentialsFile, 0o600);
    writeFileSync(credentialsFile, JSON.stringify({ accessKeyId: 'nobody', secretAccessKey: 'S3RVER' }));
    expect(await opened().catch((error: unknown) => error)).to.be.instanceOf(Refusal);
  });

  it('waits for a server that says nothing no longer than it was told', async () => {
    const silent = await new Promise<Server>((resolve) => {
      const listening = createServer((socket: Socket) => socket.on('error', nothing)).listen(
        0,
        '127.0.0.1',
        () => {
          resolve(listening);
        },
      );
    });
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const configuration = { ...server.configuration, endpoint, deadlineMs: 200 };
    const outcome = await openS3Store(configuration, Date.now).catch((error: unknown) => error);
    silent.close();
    expect(outcome).to.be.instanceOf(Refusal).and.include({ code: 'store-unavailable' });
  });

  it('removes what was begun a day ago and never ended, and nothing that may still be under way', async () => {
    const client = connectToS3(server.configuration);
    const { bucket } = server.configuration;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'riverside/incoming/half', Body: 'half' }));
    client.destroy();
    (await openS3Store(server.configuration, Date.now)).close();
    expect((await inventory()).unfinished).to.deep.equal(['riverside/incoming/half']);
    (await openS3Store(server.configuration, () => Date.now() + 25 * 3_600_000)).close();
    expect((await inventory()).unfinished).to.deep.equal([]);
  });

  it('does not take the bytes that it read ahead for more than there are', async () => {
    await opened();
    let asked = 0;
    const source = (async function* () {
      for (const chunk of bytesOf(40 * MIB, MIB)) {
        asked += 1;
        yield await Promise.resolve(chunk);
      }
    })();
    const kept = await store?.keep(source, nothing);
    expect(asked).to.equal(40);
    expect(kept).to.deep.equal({ digest: digestOf(bytesOf(40 * MIB, MIB)), bytes: 40 * MIB });
  });
});
