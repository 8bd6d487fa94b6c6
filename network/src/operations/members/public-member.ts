import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { exists, replaceFile } from '../../identities/folders.js';
import { organisationLayout } from '../../identities/index.js';
import { parseTopology, type Organisation, type Topology } from '../../topology/index.js';
import { OperationError } from '../processes.js';

/** What others have to know of a member to let it in: nothing of it is secret. */
export interface PublicMember {
  readonly organisation: Organisation;
  readonly caPem: string;
  readonly tlsCaPem: string;
  readonly ordererIdentityPem: string;
  readonly ordererTlsPem: string;
}

const schema = z.strictObject({
  version: z.literal(1),
  /** As it stands in a topology file. */
  organisation: z.record(z.string(), z.json()),
  caPem: z.string(),
  tlsCaPem: z.string(),
  ordererIdentityPem: z.string(),
  ordererTlsPem: z.string(),
});

export async function publicMember(dataDir: string, organisation: Organisation): Promise<PublicMember> {
  const { ca, tlsCa, orderer } = organisationLayout(dataDir, organisation.name);
  const pem = (file: string): Promise<string> => readFile(file, 'utf8');
  return {
    organisation,
    caPem: await pem(ca.certificate),
    tlsCaPem: await pem(tlsCa.certificate),
    ordererIdentityPem: await pem(orderer.identity.certificate),
    ordererTlsPem: await pem(orderer.tls.certificate),
  };
}

export function encodePublicMember(member: PublicMember): string {
  return `${JSON.stringify({ version: 1, ...member }, null, 2)}\n`;
}

/**
 * Reads what a newcomer has sent; it would fit into this consortium by what `topology` says.
 * @throws OperationError
 */
export function decodePublicMember(text: string, topology: Topology): PublicMember {
  let parsed: z.output<typeof schema>;
  try {
    parsed = schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new OperationError('the file is not what `consent-ledger member describe` writes', { cause });
  }
  const { organisation, caPem, tlsCaPem, ordererIdentityPem, ordererTlsPem } = parsed;
  const pems = { caPem, tlsCaPem, ordererIdentityPem, ordererTlsPem };
  const others = topology.organisations.filter(({ name }) => name !== organisation['name']);
  const document = { ...topology, organisations: [...others, organisation] };
  // JSON is YAML; the topology's own parser knows what an organisation may be.
  const found = parseTopology(JSON.stringify(document), 'the definition of the new member').organisations.at(
    -1,
  );
  if (found === undefined) throw new OperationError('the file names no organisation');
  requireIssued(pems);
  return { organisation: found, ...pems };
}

function requireIssued({
  caPem,
  tlsCaPem,
  ordererIdentityPem,
  ordererTlsPem,
}: Omit<PublicMember, 'organisation'>): void {
  const pairs = [
    [ordererIdentityPem, caPem],
    [ordererTlsPem, tlsCaPem],
  ] as const;
  for (const [pem, authority] of pairs) {
    if (!isIssuedBy(pem, authority)) {
      throw new OperationError('the certificates in the file were not issued by the authorities in it');
    }
  }
}

function isIssuedBy(pem: string, authorityPem: string): boolean {
  try {
    const authority = new X509Certificate(authorityPem);
    return authority.ca && new X509Certificate(pem).verify(authority.publicKey);
  } catch {
    return false; // no certificates at all
  }
}

/** Puts what is public of a member where this installation looks for it; keys that are there stay. */
export async function keepPublicMember(dataDir: string, member: PublicMember): Promise<void> {
  const { ca, tlsCa, orderer } = organisationLayout(dataDir, member.organisation.name);
  const files: readonly (readonly [string, string])[] = [
    [ca.certificate, member.caPem],
    [tlsCa.certificate, member.tlsCaPem],
    [orderer.identity.certificate, member.ordererIdentityPem],
    [orderer.tls.certificate, member.ordererTlsPem],
  ];
  for (const [file, pem] of files) {
    if (await exists(file)) continue;
    await mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await replaceFile(file, pem);
  }
}
