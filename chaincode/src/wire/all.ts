/**
 * `Promise.all` that waits for every operation before it fails with the first failure in their order. An
 * answer must not go to the peer while it still has questions to answer, and must be the same whichever of
 * them fails first.
 */
export async function all<Operations extends readonly unknown[]>(
  operations: readonly [...Operations],
): Promise<{ -readonly [Index in keyof Operations]: Awaited<Operations[Index]> }> {
  await Promise.allSettled(operations);
  return Promise.all(operations);
}
