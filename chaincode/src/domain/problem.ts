/** One thing that is wrong with an input: where, what, and, where a text can be read two ways, both readings. */
export interface Problem {
  /** FHIRPath (consents) or JSON path (everything else) of the element. */
  readonly path: string;
  readonly message: string;
  readonly readings?: readonly [string, string];
}
