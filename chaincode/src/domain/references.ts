const HISTORY = '/_history/';
const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const LITERAL = /^(?:[A-Z][A-Za-z]*\/[A-Za-z0-9\-.]{1,64}|[A-Za-z][A-Za-z0-9+\-.]*:[^\s?#]+)$/;

/** Is it an id as FHIR resources have one? */
export function isId(text: string): boolean {
  return ID.test(text);
}

/** A reference less the version that it may name (`Patient/1/_history/2`); everything else compares as given. */
export function withoutVersion(reference: string): string {
  // Hardly any names one, and to look for one character is the cheapest way to know.
  if (!reference.includes('_')) return reference;
  const at = reference.lastIndexOf(HISTORY);
  return at !== -1 && isId(reference.slice(at + HISTORY.length)) ? reference.slice(0, at) : reference;
}

/** The same list where none names a version. */
export function withoutVersions(references: readonly string[]): readonly string[] {
  for (const reference of references)
    if (reference.includes(HISTORY)) return references.map((one) => withoutVersion(one));
  return references;
}

/** Does it name one resource: `[type]/[id]`, or a URI without a query (a search) and a fragment (what is contained)? */
export function isLiteral(reference: string): boolean {
  return LITERAL.test(withoutVersion(reference));
}

/** The resource type that a relative or absolute REST reference names, if it names one. */
export function resourceTypeOf(reference: string): string | undefined {
  return /(?:^|\/)([A-Z][A-Za-z]*)\/[A-Za-z0-9\-.]{1,64}$/.exec(withoutVersion(reference))?.[1];
}
