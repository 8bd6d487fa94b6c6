import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { endChild, startChild, wordOf } from './children.js';
import type { Copied } from './bare-copy.js';
import { watchMemory } from './memory.js';
import type { User } from './user.js';

export interface LargeRecord {
  readonly file: string;
  readonly bytes: number;
  /** SHA-256 of its content, base64url. */
  readonly digest: string;
  readonly record: string;
}

export interface Tls {
  readonly host: string;
  readonly certificate: string;
  readonly privateKey: string;
  readonly ca: string;
}

/** Seconds that a bare copy of the file takes, from the connection to the last byte hashed and written. */
export async function copyBare({ file, bytes, digest }: LargeRecord, tls: Tls): Promise<number> {
  const to = path.join(path.dirname(file), 'copy');
  const sender = startChild('bare-copy', { role: 'send', file, ...tls });
  try {
    const port = await wordOf(sender);
    const receiver = startChild('bare-copy', { role: 'receive', file: to, ca: tls.ca, host: tls.host, port });
    try {
      const copied = (await wordOf(receiver)) as Copied;
      if (copied.bytes !== bytes || copied.digest !== digest)
        throw new Error('the bare copy is another file');
      return copied.seconds;
    } finally {
      await endChild(receiver);
    }
  } finally {
    await endChild(sender);
    await rm(to, { force: true });
  }
}

export interface LargeRelease {
  /** From the user's request to the last byte of the record. */
  readonly seconds: number;
  /** MiB by which each process grew at its most. */
  readonly grownMiB: Readonly<Record<string, number>>;
}

/** A user gets the whole record. With `verify` its digest is looked at, which takes the user's machine some time. */
export async function releaseLarge(
  user: User,
  custodian: string,
  { record, bytes, digest }: LargeRecord,
  pids: ReadonlyMap<string, number>,
  verify: boolean,
): Promise<LargeRelease> {
  const memory = await watchMemory(pids);
  const began = performance.now();
  const response = await user.open('POST', '/v1/access-requests', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ custodian, records: [record], purpose: ['TREAT'] }),
  });
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    received += chunk.length;
    if (verify) hash.update(chunk);
  }
  const seconds = (performance.now() - began) / 1_000;
  const grownMiB = await memory.stop();
  if (received !== bytes) throw new Error(`${received} bytes of the record came`);
  if (verify && hash.digest('base64url') !== digest) throw new Error('what came is not the record');
  return { seconds, grownMiB };
}
