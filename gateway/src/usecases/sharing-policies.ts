import type { CompiledPolicy } from '@consent-ledger/chaincode/domain';

/** Parts that are remembered; beyond that it starts afresh, and what was shared before stays shared. */
const MOST = 20_000;
const NONE: readonly never[] = [];
/** Bytes in memory for each character of a part's JSON, about. */
const PART_BYTES = 3;

/**
 * Makes parts of compiled policies that are alike one object. Consents come from a few forms, so thousands of them have
 * the same provisions; kept apart they would take several times the memory. Policies are never changed, so nobody can tell.
 */
export class SharedPolicies {
  readonly #parts = new Map<string, object>();
  readonly #texts = new Map<string, string>();
  #added = 0;

  /** The same policy out of shared parts, and how many bytes of memory are new for it, about. */
  share(policy: CompiledPolicy): { readonly policy: CompiledPolicy; readonly bytes: number } {
    this.#added = 0;
    const shared: CompiledPolicy = {
      ...policy,
      status: this.#text(policy.status),
      subject: this.#text(policy.subject),
      dialect: this.#text(policy.dialect),
      scope: this.#text(policy.scope),
      base: this.#text(policy.base),
      basePath: this.#text(policy.basePath),
      coverage: this.#part(policy.coverage),
      exceptions: this.#list(policy.exceptions),
      supersedes: policy.supersedes.length === 0 ? NONE : policy.supersedes,
    };
    return { policy: shared, bytes: this.#added * PART_BYTES };
  }

  /** A list that is new may still be made of parts that are known. */
  #list<Part extends object>(list: readonly Part[]): readonly Part[] {
    if (list.length === 0) return NONE;
    const text = JSON.stringify(list);
    const known = this.#parts.get(text);
    if (known !== undefined) return known as readonly Part[];
    const shared = list.map((part) => this.#part(part));
    this.#remember(text, shared);
    return shared;
  }

  #part<Part extends object>(part: Part): Part {
    const text = JSON.stringify(part);
    const known = this.#parts.get(text);
    // What has the same JSON is the same part: none of them holds more than JSON can say.
    if (known !== undefined) return known as Part;
    this.#remember(text, part);
    this.#added += text.length;
    return part;
  }

  #remember(text: string, part: object): void {
    if (this.#parts.size >= MOST) this.#parts.clear();
    this.#parts.set(text, part);
  }

  #text<Text extends string>(text: Text): Text {
    const known = this.#texts.get(text);
    if (known !== undefined) return known as Text;
    if (this.#texts.size >= MOST) this.#texts.clear();
    this.#texts.set(text, text);
    return text;
  }
}
