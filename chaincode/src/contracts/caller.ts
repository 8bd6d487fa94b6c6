import { X509Certificate } from 'node:crypto';
import type { Stub } from '../state/index.js';
import type { Caller, Role } from '../wire/index.js';
import { ROLES } from '../wire/access.js';

const MAX_CACHED = 1_024;
const roles = new Map<string, Role | undefined>();

/**
 * Who signed the proposal. The peer has verified chain, revocation and signature; what is left to read is the
 * role, which Fabric takes from the organisational units of the certificate (NodeOUs) and which must be
 * exactly one.
 */
export function callerOf(stub: Stub): Caller {
  const { mspid, idBytes } = stub.getCreator();
  return { mspId: mspid, role: roleOf(idBytes) };
}

function roleOf(certificate: Uint8Array): Role | undefined {
  const pem = Buffer.from(certificate.buffer, certificate.byteOffset, certificate.byteLength).toString(
    'latin1',
  );
  if (roles.has(pem)) return roles.get(pem);
  const role = readRole(pem);
  if (roles.size >= MAX_CACHED) roles.clear();
  roles.set(pem, role);
  return role;
}

function readRole(pem: string): Role | undefined {
  const found = subjectLines(pem)
    .map((line) => ROLES.find((role) => line === `OU=${role}`))
    .filter((role) => role !== undefined);
  return found.length === 1 ? found[0] : undefined;
}

function subjectLines(pem: string): string[] {
  try {
    return new X509Certificate(pem).subject.split('\n');
  } catch {
    return []; // No certificate that can be read: no role, hence no right to anything.
  }
}
