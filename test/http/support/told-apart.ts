/**
 * Friedman's test: whether things that were measured together, round by round, differ, whatever else the machine was busy
 * with. Of a round only the order of its values counts, so no distribution is assumed: the order of measuring must be drawn
 * anew for each round, and no more.
 *
 * @param rounds one value for each thing, in the same order in each round
 * @returns where nothing tells them apart, roughly chi-squared with one degree of freedom less than there are things
 */
export function friedman(rounds: readonly (readonly number[])[]): number {
  const things = rounds[0]?.length ?? 0;
  const mean = (rounds.length * (things + 1)) / 2;
  const rankSums = Array.from({ length: things }, (_, thing) =>
    rounds.reduce((sum, round) => sum + rankOf(round[thing] ?? 0, round), 0),
  );
  const spread = rankSums.reduce((sum, ranks) => sum + (ranks - mean) ** 2, 0);
  return (12 * spread) / (rounds.length * things * (things + 1));
}

function rankOf(value: number, round: readonly number[]): number {
  const less = round.filter((other) => other < value).length;
  const equal = round.filter((other) => other === value).length;
  return less + (equal + 1) / 2;
}

/** In an order drawn at random (Fisher and Yates). */
export function shuffled<Item>(items: readonly Item[]): Item[] {
  const left = [...items];
  return items.flatMap(() => left.splice(Math.floor(Math.random() * left.length), 1));
}
