import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type S3Client,
} from '@aws-sdk/client-s3';
import { within } from './s3-calls.js';

export interface S3Place {
  readonly client: S3Client;
  readonly bucket: string;
  readonly deadlineMs: number;
}

/** Most bytes that one call copies. */
const COPIED_AT_ONCE = 256 * 1024 ** 2;

export async function putWhole(place: S3Place, key: string, body: Uint8Array): Promise<void> {
  const { client, bucket, deadlineMs } = place;
  await within(deadlineMs, (options) =>
    client.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ContentLength: body.length }),
      options,
    ),
  );
}

/** An object that is made of parts, in their order; there is nothing of it until it is completed. */
export class MultipartUpload {
  readonly #place: S3Place;
  readonly #key: string;
  readonly #id: string;
  readonly #parts: CompletedPart[] = [];

  private constructor(place: S3Place, key: string, id: string) {
    this.#place = place;
    this.#key = key;
    this.#id = id;
  }

  static async begin(place: S3Place, key: string): Promise<MultipartUpload> {
    const { client, bucket, deadlineMs } = place;
    const { UploadId } = await within(deadlineMs, (options) =>
      client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: key }), options),
    );
    return new MultipartUpload(place, key, UploadId ?? '');
  }

  async add(body: Uint8Array): Promise<void> {
    const { client, deadlineMs } = this.#place;
    const PartNumber = this.#parts.length + 1;
    const { ETag } = await within(deadlineMs, (options) =>
      client.send(
        new UploadPartCommand({ ...this.#name(), PartNumber, Body: body, ContentLength: body.length }),
        options,
      ),
    );
    this.#parts.push({ PartNumber, ETag });
  }

  /** A part that the server copies from another object; its bytes do not come here. */
  async #copy(source: string, range: string): Promise<void> {
    const { client, bucket, deadlineMs } = this.#place;
    const PartNumber = this.#parts.length + 1;
    const CopySource = `${bucket}/${source}`;
    const { CopyPartResult } = await within(deadlineMs, (options) =>
      client.send(
        new UploadPartCopyCommand({ ...this.#name(), PartNumber, CopySource, CopySourceRange: range }),
        options,
      ),
    );
    this.#parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
  }

  async copyAll(source: string, bytes: number): Promise<void> {
    for (let start = 0; start < bytes; start += COPIED_AT_ONCE)
      await this.#copy(source, `bytes=${start}-${Math.min(start + COPIED_AT_ONCE, bytes) - 1}`);
  }

  async complete(): Promise<void> {
    const { client, deadlineMs } = this.#place;
    const MultipartUpload = { Parts: this.#parts };
    await within(deadlineMs, (options) =>
      client.send(new CompleteMultipartUploadCommand({ ...this.#name(), MultipartUpload }), options),
    );
  }

  async abort(): Promise<void> {
    const { client, deadlineMs } = this.#place;
    await within(deadlineMs, (options) =>
      client.send(new AbortMultipartUploadCommand(this.#name()), options),
    );
  }

  #name(): { Bucket: string; Key: string; UploadId: string } {
    return { Bucket: this.#place.bucket, Key: this.#key, UploadId: this.#id };
  }
}
