import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import type { S3Configuration } from '../../config/stores.js';
import type { RecordStore, StoredCiphertext } from '../../ports/record-store.js';
import { SegmentBuffer } from '../../release/segments.js';
import { connectToS3, within } from './s3-calls.js';
import { MultipartUpload, putWhole, type S3Place } from './s3-upload.js';

/** What was begun this long ago is not going to be ended by anybody. */
const ABANDONED_MS = 24 * 3_600_000;

/**
 * Ciphertexts as objects named by their digest in hex. One that fits into a part is put under its name at once; a larger one goes up in
 * parts under a name of its own, and is copied by the server when its digest is known. Memory: one part for each upload. What was
 * begun and never ended is removed at a later start, a day after: another gateway may be at it.
 */
export async function openS3Store(
  configuration: S3Configuration,
  now: () => number,
): Promise<RecordStore & { close(): void }> {
  const client = connectToS3(configuration);
  const { bucket, deadlineMs, partBytes, prefix } = configuration;
  const place: S3Place = { client, bucket, deadlineMs };
  const incoming = `${prefix}incoming/`;
  const nameOf = (digest: string): string =>
    `${prefix}records/${Buffer.from(digest, 'base64url').toString('hex')}`;
  const remove = (key: string): Promise<unknown> =>
    within(deadlineMs, (options) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }), options),
    );
  await removeAbandoned(place, incoming, now() - ABANDONED_MS);

  const keepParts = async (
    parts: Parts,
    before: (stored: StoredCiphertext) => void,
  ): Promise<StoredCiphertext> => {
    const first = await parts.next();
    const second = await parts.next();
    if (second === undefined) {
      const stored = parts.total();
      before(stored);
      await putWhole(place, nameOf(stored.digest), first ?? Buffer.alloc(0));
      return stored;
    }
    const temporary = `${incoming}${randomUUID()}`;
    await upload(place, temporary, [first ?? Buffer.alloc(0), second], parts);
    try {
      const stored = parts.total();
      before(stored);
      await copy(place, temporary, nameOf(stored.digest), stored.bytes);
      return stored;
    } finally {
      // What stays is removed at a later start.
      await remove(temporary).catch(() => undefined);
    }
  };

  return {
    async keep(source, before) {
      const parts = new Parts(source, partBytes);
      try {
        return await keepParts(parts, before);
      } finally {
        await parts.close();
      }
    },
    async open(digest) {
      const { Body } = await within(deadlineMs, (options) =>
        client.send(new GetObjectCommand({ Bucket: bucket, Key: nameOf(digest) }), options),
      );
      return Body instanceof Readable ? Body : Readable.from([]);
    },
    async drop(digest) {
      await remove(nameOf(digest));
    },
    close() {
      client.destroy();
    },
  };
}

async function upload(
  place: S3Place,
  key: string,
  begun: readonly Uint8Array[],
  parts: Parts,
): Promise<void> {
  const uploading = await MultipartUpload.begin(place, key);
  try {
    for (const part of begun) await uploading.add(part);
    for (let part = await parts.next(); part !== undefined; part = await parts.next())
      await uploading.add(part);
    await uploading.complete();
  } catch (error) {
    await uploading.abort().catch(() => undefined);
    throw error;
  }
}

async function copy(place: S3Place, source: string, key: string, bytes: number): Promise<void> {
  const copying = await MultipartUpload.begin(place, key);
  try {
    await copying.copyAll(source, bytes);
    await copying.complete();
  } catch (error) {
    await copying.abort().catch(() => undefined);
    throw error;
  }
}

async function removeAbandoned(place: S3Place, incoming: string, before: number): Promise<void> {
  const { client, bucket, deadlineMs } = place;
  const isAbandoned = (begun: Date | undefined): boolean => begun !== undefined && begun.getTime() < before;
  const { Uploads = [] } = await within(deadlineMs, (options) =>
    client
      .send(new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: incoming }), options)
      .catch(noneWhereNobodyKnows),
  );
  for (const { Key, UploadId, Initiated } of Uploads.filter(({ Initiated: begun }) => isAbandoned(begun))) {
    if (Key === undefined || UploadId === undefined || Initiated === undefined) continue;
    const upload = { Bucket: bucket, Key, UploadId };
    await within(deadlineMs, (options) => client.send(new AbortMultipartUploadCommand(upload), options));
  }
  const { Contents = [] } = await within(deadlineMs, (options) =>
    client.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: incoming }), options),
  );
  for (const { Key, LastModified } of Contents) {
    if (Key === undefined || !isAbandoned(LastModified)) continue;
    await within(deadlineMs, (options) =>
      client.send(new DeleteObjectCommand({ Bucket: bucket, Key }), options),
    );
  }
}

/** Servers that cannot list them end uploads by themselves, or by a rule of the bucket's. */
function noneWhereNobodyKnows(error: unknown): { readonly Uploads?: undefined } {
  if (error instanceof S3ServiceException && error.name === 'NotImplemented') return {};
  throw error;
}

/** A stream in parts of one size, the last one shorter, hashed on the way. */
class Parts {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #buffer = new SegmentBuffer();
  readonly #hash = createHash('sha256');
  readonly #partBytes: number;
  #bytes = 0;
  #isDone = false;

  constructor(source: AsyncIterable<Uint8Array>, partBytes: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#partBytes = partBytes;
  }

  async next(): Promise<Buffer | undefined> {
    while (!this.#isDone && this.#buffer.length < this.#partBytes) {
      const next = await this.#source.next();
      if (next.done === true) {
        this.#isDone = true;
        break;
      }
      const chunk = next.value;
      this.#hash.update(chunk);
      this.#bytes += chunk.length;
      this.#buffer.push(chunk);
    }
    if (this.#buffer.length === 0) return undefined;
    return this.#buffer.take(Math.min(this.#buffer.length, this.#partBytes));
  }

  /** Whoever makes the bytes need not go on. */
  async close(): Promise<void> {
    if (!this.#isDone) await this.#source.return?.();
  }

  /** To be asked once, when there is no next part. */
  total(): StoredCiphertext {
    return { digest: this.#hash.digest('base64url'), bytes: this.#bytes };
  }
}
