/**
 * Compares two strings by their UTF-8 bytes, which is Fabric's order of keys, namespaces and collections.
 * JavaScript's own order differs where a surrogate pair (U+10000 and above) meets U+E000..U+FFFF.
 */
export function compareUtf8(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const a = left.charCodeAt(index);
    const b = right.charCodeAt(index);
    if (a !== b) {
      return codePointRank(a) - codePointRank(b);
    }
  }
  return left.length - right.length;
}

function codePointRank(unit: number): number {
  if (unit < 0xd800) {
    return unit;
  }
  // Surrogates stand for the highest code points.
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
