/**
 * Parts of JSON that are alike become one object. Consents come from a few forms, so thousands of them share their
 * provisions. Only for values that nobody changes.
 */
export class Interning {
  readonly #known = new Map<string, object>();

  /** @param most parts that are remembered; beyond that it starts afresh */
  constructor(private readonly most: number) {}

  /** The part as it was seen first, and how many characters of JSON were new. */
  share<Part extends object>(part: Part): { readonly part: Part; readonly added: number } {
    const text = JSON.stringify(part);
    const known = this.#known.get(text);
    // The same text came from the same type of part: callers share one kind of thing under one instance.
    if (known !== undefined) return { part: known as Part, added: 0 };
    if (this.#known.size >= this.most) this.#known.clear();
    this.#known.set(text, part);
    return { part, added: text.length };
  }
}
