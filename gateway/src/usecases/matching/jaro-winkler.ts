/**
 * How alike two words are, 0 to 1: Jaro's measure, raised for a common beginning of up to four letters (W. E. Winkler, String Comparator
 * Metrics and Enhanced Decision Rules, 1990; prefix weight 0.1).
 */
export function jaroWinkler(one: string, other: string): number {
  const [a, b] = [Array.from(one), Array.from(other)];
  const jaro = jaroOf(a, b);
  let prefix = 0;
  while (prefix < 4 && prefix < a.length && a[prefix] === b[prefix]) prefix += 1;
  return jaro + prefix * 0.1 * (1 - jaro);
}

function jaroOf(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 1 : 0;
  const reach = Math.max(0, Math.floor(Math.max(a.length, b.length) / 2) - 1);
  const taken = new Set<number>();
  const inA: string[] = [];
  a.forEach((letter, index) => {
    const end = Math.min(b.length, index + reach + 1);
    for (let place = Math.max(0, index - reach); place < end; place += 1) {
      if (b[place] !== letter || taken.has(place)) continue;
      taken.add(place);
      inA.push(letter);
      return;
    }
  });
  if (inA.length === 0) return 0;
  const inB = b.filter((_, place) => taken.has(place));
  const swapped = inA.filter((letter, index) => letter !== inB[index]).length / 2;
  const common = inA.length;
  return (common / a.length + common / b.length + (common - swapped) / common) / 3;
}
