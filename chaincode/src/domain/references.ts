/** A reference less the version that it may name (`Patient/1/_history/2`); everything else compares as given. */
export function withoutVersion(reference: string): string {
  const at = reference.lastIndexOf('/_history/');
  return at === -1 ? reference : reference.slice(0, at);
}

/** The resource type that a relative or absolute REST reference names, if it names one. */
export function resourceTypeOf(reference: string): string | undefined {
  return /(?:^|\/)([A-Z][A-Za-z]*)\/[A-Za-z0-9\-.]{1,64}$/.exec(withoutVersion(reference))?.[1];
}
