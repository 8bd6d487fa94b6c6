import { createHash } from 'node:crypto';
import { tarGz } from './tar.js';

export interface ChaincodePackage {
  /** `<label>:<hex SHA-256 of the package>`: what the chaincode server registers as. */
  readonly packageId: string;
  readonly bytes: Buffer;
}

/**
 * The package of a chaincode that runs as a service: where it is, not what it does. It is the same for every
 * organisation and holds no key: the release's builder fills in address and certificates from the environment of
 * the peer that it is installed on (`ChaincodeConnection`).
 */
export function chaincodePackage(name: string, version: string): ChaincodePackage {
  const label = `${name}_${version}`;
  const connection = {
    address: template(name, 'address'),
    dial_timeout: '3s',
    tls_required: true,
    client_auth_required: true,
    root_cert: template(name, 'root_cert'),
    client_cert: template(name, 'client_cert'),
    client_key: template(name, 'client_key'),
  };
  const code = tarGz([{ name: 'connection.json', content: json(connection) }]);
  const bytes = tarGz([
    { name: 'metadata.json', content: json({ type: 'ccaas', label }) },
    { name: 'code.tar.gz', content: code },
  ]);
  return { packageId: `${label}:${createHash('sha256').update(bytes).digest('hex')}`, bytes };
}

/** A Go template, as the builder reads it (text/template, `index`). */
function template(name: string, field: string): string {
  return `{{index . ${JSON.stringify(name)} ${JSON.stringify(field)}}}`;
}

function json(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
}
