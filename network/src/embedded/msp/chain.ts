import type { Certificate } from './certificate.js';

const MAX_CHAIN_LENGTH = 8;
const ANY_USAGE = '2.5.29.37.0';
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

/** The CA certificates of one MSP. */
export interface TrustAnchors {
  readonly roots: readonly Certificate[];
  readonly intermediates: readonly Certificate[];
}

/**
 * The one certification path of a certificate, leaf first. As in Fabric the clock is the leaf's own notBefore
 * plus one second, so that certificates stay valid in old blocks; a CA has to be valid at that instant. Go's
 * default key usage rule holds: whoever restricts extended key usages must allow serverAuth
 * [msp/mspimpl.go: getUniqueValidationChain, crypto/x509 Certificate.Verify].
 * @throws Error when there is no path or more than one.
 */
export function uniqueChain(leaf: Certificate, anchors: TrustAnchors): readonly Certificate[] {
  const at = leaf.notBefore + 1000;
  if (leaf.notAfter < at) {
    throw new Error('the supplied identity is not valid: x509: certificate has expired or is not yet valid');
  }
  const chains: (readonly Certificate[])[] = [];
  if (anchors.roots.some((root) => same(root, leaf))) chains.push([leaf]);
  else extend([leaf], anchors, at, chains);
  const usable = chains.filter(allowsServerAuth);
  const chain = usable[0];
  if (chain === undefined) {
    throw new Error(
      chains.length > 0
        ? 'the supplied identity is not valid: x509: certificate specifies an incompatible key usage'
        : 'the supplied identity is not valid: x509: certificate signed by unknown authority',
    );
  }
  if (usable.length > 1) {
    throw new Error(`this MSP only supports a single validation chain, got ${usable.length}`);
  }
  return chain;
}

function same(a: Certificate, b: Certificate): boolean {
  return a.x509.raw.equals(b.x509.raw);
}

function extend(
  path: readonly Certificate[],
  anchors: TrustAnchors,
  at: number,
  found: (readonly Certificate[])[],
): void {
  const last = path.at(-1);
  if (last === undefined || path.length >= MAX_CHAIN_LENGTH) return;
  for (const root of anchors.roots) {
    if (issued(root, last, path.length, at)) found.push([...path, root]);
  }
  for (const intermediate of anchors.intermediates) {
    if (path.some((member) => same(member, intermediate))) continue;
    if (issued(intermediate, last, path.length, at)) extend([...path, intermediate], anchors, at, found);
  }
}

function issued(issuer: Certificate, subject: Certificate, depth: number, at: number): boolean {
  if (!issuer.isCa || issuer.notBefore > at || issuer.notAfter < at) return false;
  if (issuer.pathLength !== undefined && depth - 1 > issuer.pathLength) return false;
  return subject.x509.checkIssued(issuer.x509) && subject.x509.verify(issuer.publicKey);
}

function allowsServerAuth(chain: readonly Certificate[]): boolean {
  return chain.every(
    ({ extendedKeyUsages: usages }) =>
      usages === undefined ||
      usages.length === 0 ||
      usages.includes(ANY_USAGE) ||
      usages.includes(SERVER_AUTH),
  );
}
