import { z } from 'zod';
import { mapping } from './mapping.js';
import { duration, size } from './quantities.js';

/*
 * Where a custodian's ciphertexts lie: the part of a topology file that its gateway's configuration takes as `records`. Secrets are
 * never in it: it names the files that hold them.
 */

const fileName = z.string('a file name').min(1, 'a file name').max(4_096, 'a shorter file name');
const MIB = 1024 ** 2;
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);
const ENDPOINT =
  'the https:// address of a server that speaks S3, without a path; http:// on this machine alone';
const BUCKET = 'the name of a bucket';
const PREFIX = 'folders, each ended by a slash, such as riverside/';

const s3 = mapping({
  endpoint: z.url({ protocol: /^https?$/, error: ENDPOINT }).refine(isPlainOrigin, ENDPOINT),
  region: z
    .string('the name of a region')
    .regex(/^[a-z0-9-]{1,64}$/, 'the name of a region')
    .optional(),
  bucket: z.string(BUCKET).regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, BUCKET),
  prefix: z
    .string(PREFIX)
    .regex(/^(?:[A-Za-z0-9._-]{1,64}\/){0,8}$/, PREFIX)
    .optional(),
  pathStyle: z.boolean('true or false').optional(),
  credentialsFile: fileName,
  /** PEM of the CA of the server; absent: those that Node trusts. */
  caFile: fileName.optional(),
  part: size(5 * MIB, 512 * MIB).optional(),
  deadline: duration(100, 600_000).optional(),
});

const LABEL = 'a label of up to 32 letters, digits, dots, dashes, spaces';
const label = z.string(LABEL).regex(/^[A-Za-z0-9._ -]{1,32}$/, LABEL);

/** The device in which the custodian's key is. */
const pkcs11 = mapping({ library: fileName, token: label, key: label.optional(), pinFile: fileName });

export const keyStoreSchema = mapping({ pkcs11 });
export type KeyStoreOfMember = z.output<typeof keyStoreSchema>;

export const recordsSchema = mapping({ s3 });
export type Records = z.output<typeof recordsSchema>;

function isPlainOrigin(text: string): boolean {
  const url = new URL(text);
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '' || url.username !== '') return false;
  return url.protocol === 'https:' || LOOPBACK.has(url.hostname);
}

/** What a gateway's configuration says where a topology says this. */
export function recordSettings({ s3: { caFile, part, deadline, ...rest } }: Records): object {
  return {
    kind: 's3',
    ...rest,
    ...(caFile === undefined ? {} : { tlsCa: caFile }),
    ...(part === undefined ? {} : { partBytes: part }),
    ...(deadline === undefined ? {} : { deadlineMs: deadline }),
  };
}

/** The files that it names, from the given folder on. */
export function recordsWithFilesFrom(
  { s3: { caFile, credentialsFile, ...rest } }: Records,
  absolute: (file: string) => string,
): Records {
  return {
    s3: {
      ...rest,
      credentialsFile: absolute(credentialsFile),
      ...(caFile === undefined ? {} : { caFile: absolute(caFile) }),
    },
  };
}

/** Every file that the gateway reads because of it. */
export function recordFilesOf({ s3: { caFile, credentialsFile } }: Records): readonly string[] {
  return [credentialsFile, ...(caFile === undefined ? [] : [caFile])];
}

export function keyStoreSettings({ pkcs11: settings }: KeyStoreOfMember): object {
  return { kind: 'pkcs11', ...settings };
}

export function keyStoreWithFilesFrom(
  { pkcs11: { library, pinFile, ...rest } }: KeyStoreOfMember,
  absolute: (file: string) => string,
): KeyStoreOfMember {
  return { pkcs11: { ...rest, library: absolute(library), pinFile: absolute(pinFile) } };
}
