import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';

const file = z.string().min(1);

/** Environment variables, named as fabric-chaincode-node names them. */
const environmentVariables = z.object({
  /** Package id under which the organisation's peer knows this chaincode. */
  CHAINCODE_ID: z.string().min(1),
  /** `host:port` to listen on. */
  CHAINCODE_SERVER_ADDRESS: z.string().regex(/^.+:\d{1,5}$/, 'host:port'),
  CHAINCODE_TLS_CERT_FILE: file,
  CHAINCODE_TLS_KEY_FILE: file,
  /** CAs of the peers that may connect. */
  CHAINCODE_TLS_CLIENT_CACERT_FILE: file,
  /** How far a transaction's timestamp may be from this machine's clock, in seconds. */
  CONSENT_LEDGER_MAX_SKEW_SECONDS: z.coerce.number().int().min(1).max(3_600).default(120),
  /** How long an epoch lasts at the least, in seconds. */
  CONSENT_LEDGER_MIN_EPOCH_SECONDS: z.coerce.number().int().min(0).max(3_600).default(30),
});

export interface ServerConfig {
  readonly id: string;
  readonly address: string;
  readonly tls: { readonly cert: Buffer; readonly key: Buffer; readonly clientCACerts: Buffer };
  /** Milliseconds. */
  readonly maxSkew: number;
  /** Milliseconds. */
  readonly minEpoch: number;
}

/** The process cannot start with what it was given; the message is one line that says what to do. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** @throws ConfigError */
export function loadConfig(variables: NodeJS.ProcessEnv): ServerConfig {
  const parsed = environmentVariables.safeParse(variables);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new ConfigError(`Set the environment variables correctly (${wrong.join('; ')}).`);
  }
  const values = parsed.data;
  return {
    id: values.CHAINCODE_ID,
    address: values.CHAINCODE_SERVER_ADDRESS,
    tls: readTls(values),
    maxSkew: values.CONSENT_LEDGER_MAX_SKEW_SECONDS * 1_000,
    minEpoch: values.CONSENT_LEDGER_MIN_EPOCH_SECONDS * 1_000,
  };
}

type TlsFile = 'CHAINCODE_TLS_CERT_FILE' | 'CHAINCODE_TLS_KEY_FILE' | 'CHAINCODE_TLS_CLIENT_CACERT_FILE';

function readTls(files: Readonly<Record<TlsFile, string>>): ServerConfig['tls'] {
  const cert = readFile('CHAINCODE_TLS_CERT_FILE', files.CHAINCODE_TLS_CERT_FILE);
  const key = readFile('CHAINCODE_TLS_KEY_FILE', files.CHAINCODE_TLS_KEY_FILE);
  const clientCACerts = readFile('CHAINCODE_TLS_CLIENT_CACERT_FILE', files.CHAINCODE_TLS_CLIENT_CACERT_FILE);
  try {
    createSecureContext({ cert, key, ca: clientCACerts });
  } catch (cause) {
    const names = 'CHAINCODE_TLS_CERT_FILE, CHAINCODE_TLS_KEY_FILE and CHAINCODE_TLS_CLIENT_CACERT_FILE';
    throw new ConfigError(`${names} must name PEM files of a certificate, its key and CA certificates.`, {
      cause,
    });
  }
  return { cert, key, clientCACerts };
}

function readFile(variable: TlsFile, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new ConfigError(`${variable} names a file that cannot be read: ${path}`, { cause });
  }
}
