/** FHIR instant (UTC, milliseconds) of a transaction's timestamp; `at` is epoch milliseconds. */
export function instantOf(at: number): string {
  return new Date(at).toISOString();
}

/** Epoch milliseconds of a FHIR instant that {@link instantOf} made. */
export function millisecondsOf(instant: string): number {
  return Date.parse(instant);
}
