/** Encrypts a record of the size given, in bytes, into a store of files and back again; says what it came to and the most memory it took. */
import { createHash } from 'node:crypto';
import { openFileStore } from '@consent-ledger/gateway/internal/adapters/records/file-store';
import { decryptStream, encryptStream } from '@consent-ledger/gateway/internal/release/streaming-aead';
import { bytesOf, streamOf } from './keeping.js';

const [folder = '', size = '0'] = process.argv.slice(2);
const key = Buffer.alloc(32, 1);
const binding = Buffer.from('{}');
const sent = createHash('sha256');
const got = createHash('sha256');

function* hashed(): Generator<Buffer> {
  for (const chunk of bytesOf(Number(size))) {
    sent.update(chunk);
    yield chunk;
  }
}

const store = await openFileStore(folder);
const kept = await store.keep(encryptStream(streamOf(hashed()), key, binding), () => undefined);
const stored = await store.open(kept.digest);
for await (const chunk of decryptStream(stored, key, binding)) got.update(chunk);
await store.drop(kept.digest);
const isSame = got.digest('hex') === sent.digest('hex');
process.stdout.write(
  JSON.stringify({ isSame, bytes: kept.bytes, kibibytes: process.resourceUsage().maxRSS }),
);
