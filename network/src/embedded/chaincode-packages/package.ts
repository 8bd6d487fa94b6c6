import { z } from 'zod';
import { sha256 } from '../../wire-format/index.js';
import { describeError } from '../chaincode-stream/errors.js';
import type { ChaincodeEndpoint, ChaincodeTls } from '../chaincode-stream/connection.js';
import { readTarGz } from './tar.js';

const LABEL = /^[a-zA-Z0-9]+([.+_-]+[a-zA-Z0-9]+)*[.+_-]*$/;

/** What the ccaas builder reads; other keys are for other builders [core/container/externalbuilder/instance.go]. */
const connection = z.object({
  address: z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'chaincode address not provided'),
  domain: z.string().optional(),
  tls_required: z.boolean().default(false),
  client_auth_required: z.boolean().default(false),
  root_cert: z.string().optional(),
  client_cert: z.string().optional(),
  client_key: z.string().optional(),
});

const metadata = z.object({ type: z.string(), label: z.string() });

export interface ReadPackage {
  readonly label: string;
  /** `label:hex SHA-256 of the package` */
  readonly packageId: string;
  readonly endpoint: ChaincodeEndpoint;
}

/** What a peer shows to a chaincode server that asks for a certificate, where the package brings none. PEM. */
export interface OwnTls {
  readonly clientCert: Buffer;
  readonly clientKey: Buffer;
}

/**
 * Reads a package as `peer lifecycle chaincode package` makes it, of chaincode that runs as a service.
 * @throws Error in Fabric's words.
 */
export function readPackage(bytes: Uint8Array, own: OwnTls): ReadPackage {
  const { label, code } = explained('could not parse as a chaincode install package', () => parse(bytes));
  const packageId = `${label}:${sha256(bytes).toString('hex')}`;
  const endpoint = explained('could not build chaincode', () => build(code, packageId, own));
  return { label, packageId, endpoint };
}

function parse(bytes: Uint8Array): { label: string; code: { type: string; bytes: Buffer } } {
  const files = readTarGz(bytes);
  const code = [...files].find(([name]) => name !== 'metadata.json')?.[1];
  if (code === undefined) throw new Error('did not find a code package inside the package');
  const described = files.get('metadata.json');
  if (described === undefined) throw new Error('did not find any package metadata (missing metadata.json)');
  const { type, label } = explained('could not unmarshal metadata.json as json', () =>
    metadata.parse(JSON.parse(described.toString('utf8'))),
  );
  if (!LABEL.test(label)) {
    throw new Error(
      `invalid label '${label}'. Label must be non-empty, can only consist of alphanumerics, symbols from '.+-_', and can only begin with alphanumerics`,
    );
  }
  return { label, code: { type, bytes: code } };
}

function build(
  code: { readonly type: string; readonly bytes: Buffer },
  packageId: string,
  own: OwnTls,
): ChaincodeEndpoint {
  if (code.type !== 'ccaas') {
    throw new Error(
      `the embedded ledger runs chaincode as a service (type ccaas) and builds none, such as this of type ${code.type}`,
    );
  }
  const file = readTarGz(code.bytes).get('connection.json');
  if (file === undefined) throw new Error('connection.json not found');
  const server = connection.parse(JSON.parse(file.toString('utf8')));
  return server.tls_required
    ? { packageId, address: server.address, tls: tlsOf(server, own) }
    : { packageId, address: server.address };
}

function tlsOf(server: z.infer<typeof connection>, own: OwnTls): ChaincodeTls {
  if (server.root_cert === undefined || server.root_cert === '') {
    throw new Error('chaincode tls root cert not provided');
  }
  const { client_cert: cert, client_key: key } = server;
  const client =
    cert === undefined || key === undefined
      ? own
      : { clientCert: Buffer.from(cert), clientKey: Buffer.from(key) };
  return {
    rootCert: Buffer.from(server.root_cert),
    ...(server.client_auth_required ? client : {}),
    ...(server.domain === undefined || server.domain === '' ? {} : { serverName: server.domain }),
  };
}

function explained<T>(what: string, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : describeError(error);
    throw new Error(`${what}: ${reason}`, { cause: error });
  }
}
