import { readFileSync } from 'node:fs';
import { S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { z } from '@consent-ledger/chaincode/wire';
import type { S3Configuration } from '../../config/stores.js';
import { Refusal } from '../../usecases/refusal.js';
import { privateText } from '../keys/secret-file.js';

const credentialsSchema = z.strictObject({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1).optional(),
});

/** Whoever rotates them replaces the file. */
const CREDENTIALS_MS = 5 * 60_000;
const SOCKETS = 64;

/** A client of one server, by the configuration; the credentials are read when they are first needed, and again every few minutes. */
export function connectToS3(configuration: S3Configuration): S3Client {
  const { endpoint, region, pathStyle, credentialsFile, tlsCa, deadlineMs } = configuration;
  const agent = { keepAlive: true, maxSockets: SOCKETS };
  return new S3Client({
    endpoint,
    region,
    forcePathStyle: pathStyle,
    credentials: () => Promise.resolve(readCredentials(credentialsFile)),
    // Everything is hashed and authenticated by ourselves, and many servers do not know the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // With it the SDK takes an agent of its own, which knows no CA but the public ones.
    expectContinueHeader: false,
    maxAttempts: 3,
    requestHandler: {
      connectionTimeout: deadlineMs,
      socketTimeout: deadlineMs,
      httpAgent: agent,
      httpsAgent: { ...agent, ...(tlsCa === undefined ? {} : { ca: readFileSync(tlsCa) }) },
    },
  });
}

function readCredentials(path: string): {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
  expiration: Date;
} {
  const parsed = credentialsSchema.safeParse(JSON.parse(privateText(path)));
  // The reason could quote a secret.
  if (!parsed.success) throw new Error(`${path} does not hold {"accessKeyId", "secretAccessKey"}`);
  const { sessionToken, ...rest } = parsed.data;
  return {
    ...rest,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    expiration: new Date(Date.now() + CREDENTIALS_MS),
  };
}

/** One call with a deadline. Throws a Refusal: `record-damaged` where the object is not there, else `store-unavailable`. */
export async function within<Result>(
  milliseconds: number,
  call: (options: { readonly abortSignal: AbortSignal }) => Promise<Result>,
): Promise<Result> {
  // Ends with the call: the body of an answer may take longer.
  const deadline = new AbortController();
  const timer = setTimeout(() => {
    deadline.abort();
  }, milliseconds);
  try {
    return await call({ abortSignal: deadline.signal });
  } catch (cause) {
    throw new Refusal(isMissing(cause) ? 'record-damaged' : 'store-unavailable', { cause });
  } finally {
    clearTimeout(timer);
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchKey';
}
