export type Pick = <Item>(from: readonly Item[]) => Item;

/** Choices that follow from a number alone, so that no two runs differ (a linear congruential generator). */
export function pickerFor(seed: number): Pick {
  let state = (Math.imul(seed, 2_654_435_761) + 97) >>> 0;
  return (from) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const item = from[(state >>> 8) % from.length];
    if (item === undefined) throw new RangeError('nothing to pick from');
    return item;
  };
}
