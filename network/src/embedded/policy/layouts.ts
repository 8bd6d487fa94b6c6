import type { MspIdentity } from '../msp/identity.js';
import type { Policy } from './policy.js';

/** Beyond this many organisations only the smallest sizes of endorsing sets are listed. */
const MAX_LAYOUTS = 512;

/**
 * The minimal sets of organisations whose peers together satisfy all the policies, smallest first: the layouts of
 * discovery, for one peer per organisation [discovery/endorsement/endorsement.go].
 */
export function minimalLayouts(
  policies: readonly Policy[],
  peers: ReadonlyMap<string, MspIdentity>,
): readonly (readonly string[])[] {
  const useful = [...peers.keys()].sort();
  const layouts: string[][] = [];
  for (let size = 0; size <= useful.length && layouts.length < MAX_LAYOUTS; size++) {
    for (const subset of subsets(useful, size)) {
      if (layouts.length >= MAX_LAYOUTS) break;
      if (layouts.some((layout) => layout.every((mspId) => subset.includes(mspId)))) continue;
      const identities = subset.flatMap((mspId) => peers.get(mspId) ?? []);
      if (policies.every((policy) => policy.refusal(identities) === undefined)) layouts.push(subset);
    }
  }
  return layouts;
}

function* subsets(items: readonly string[], size: number, from = 0): Generator<string[]> {
  if (size === 0) {
    yield [];
    return;
  }
  for (let index = from; index <= items.length - size; index++) {
    const item = items[index];
    if (item === undefined) return;
    for (const rest of subsets(items, size - 1, index + 1)) yield [item, ...rest];
  }
}
