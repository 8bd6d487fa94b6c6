const HALF_ORDER_P256 = 0x7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8n;

/**
 * Whether a DER ECDSA signature on P-256 has S in the lower half of the group's order, the only form that Fabric
 * accepts of a signer (bccsp/utils/ecdsa.go). Throws a RangeError for bytes that are no such signature.
 */
export function hasLowS(signature: Buffer): boolean {
  const r = integerAt(signature, 2);
  const s = integerAt(signature, r.end);
  if (signature[0] !== 0x30 || signature[1] !== signature.length - 2 || s.end !== signature.length) {
    throw new RangeError('not a DER ECDSA signature');
  }
  return BigInt(`0x${s.bytes.toString('hex')}`) <= HALF_ORDER_P256;
}

function integerAt(signature: Buffer, offset: number): { readonly bytes: Buffer; readonly end: number } {
  const length = signature[offset + 1] ?? 0;
  const end = offset + 2 + length;
  if (signature[offset] !== 0x02 || length === 0 || end > signature.length) {
    throw new RangeError('not a DER ECDSA signature');
  }
  return { bytes: signature.subarray(offset + 2, end), end };
}
