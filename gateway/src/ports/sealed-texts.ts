/** Words about a subject, sealed under the subject's own key: with that key, they are gone. */
export interface SealedTextStore {
  /** SHA-256 of the sealed bytes, base64url: what may be said of the text elsewhere. Durable. Throws a Refusal `subject-erased`. */
  keep(subject: string, text: string): Promise<string>;
  /** Undefined where it was never here. */
  find(subject: string, digest: string): Promise<string | undefined>;
  /** Forgets a text that nothing names. */
  drop(digest: string): void;
  /** Forgets a subject who was erased. */
  forget(subject: string): void;
}
