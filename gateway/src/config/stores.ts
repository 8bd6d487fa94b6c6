import { z } from '@consent-ledger/chaincode/wire';

const file = z
  .string()
  .min(1)
  .max(4096)
  .describe('path; a relative one is relative to the configuration file');

const MIB = 1024 ** 2;

const s3Schema = z
  .strictObject({
    kind: z.literal('s3'),
    endpoint: z
      .url({ protocol: /^https?$/ })
      .refine((url) => isPlainOrigin(url), 'an https origin, or http on this machine')
      .describe('of any server that speaks S3'),
    region: z
      .string()
      .regex(/^[a-z0-9-]{1,64}$/)
      .default('us-east-1'),
    bucket: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
    prefix: z
      .string()
      .regex(/^(?:[A-Za-z0-9._-]{1,64}\/){0,8}$/, 'folders, each ended by a slash')
      .default('')
      .describe('before the name of every object: a bucket may hold other things'),
    pathStyle: z.boolean().default(true).describe('bucket in the path; false: in the host name'),
    credentialsFile: file.describe(
      'file of mode 0600: JSON {"accessKeyId", "secretAccessKey", "sessionToken"?}; read again every few minutes',
    ),
    tlsCa: file.optional().describe('PEM of the CA of the server; absent: the public ones'),
    partBytes: z
      .int()
      .min(5 * MIB)
      .max(512 * MIB)
      .default(8 * MIB)
      .describe('of a multipart upload, held in memory; a record has at most 10000'),
    deadlineMs: z
      .int()
      .min(100)
      .default(30_000)
      .describe('for each call, and between two chunks of a record'),
  })
  .readonly();
export type S3Configuration = z.output<typeof s3Schema>;

/** Where ciphertexts of records lie. */
export const recordsSchema = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('files') })
      .readonly()
      .describe('in the data directory'),
    s3Schema,
  ])
  .default({ kind: 'files' });

const label = z
  .string()
  .regex(/^[A-Za-z0-9._ -]{1,32}$/, 'a label of up to 32 letters, digits, dots, dashes, spaces');

/** Where the custodian's key is. */
export const keyStoreSchema = z
  .discriminatedUnion('kind', [
    z
      .strictObject({ kind: z.literal('file') })
      .readonly()
      .describe('keys/master.key in the data directory'),
    z
      .strictObject({
        kind: z.literal('pkcs11'),
        library: file.describe('of the device'),
        token: label.describe('label of the token'),
        key: label.default('consent-ledger').describe('label of the key in it; made where there is none yet'),
        pinFile: file.describe('file of mode 0600 that holds the PIN'),
      })
      .readonly(),
  ])
  .default({ kind: 'file' });

const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

function isPlainOrigin(text: string): boolean {
  const url = new URL(text);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') return false;
  return url.protocol === 'https:' || LOOPBACK.has(url.hostname);
}
