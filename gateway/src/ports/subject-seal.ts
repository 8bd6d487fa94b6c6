/** Seals what is known of a subject under the subject's own key: with that key, it is gone. */
export interface SubjectSeal {
  /** `purpose` says what it is and is authenticated. Throws a Refusal: `subject-erased`, `store-unavailable`. */
  sealFor(subject: string, content: Uint8Array, purpose: string): Promise<Buffer>;
  /** Throws where the subject's key was destroyed, or it was sealed for something else. */
  openFor(subject: string, sealed: Uint8Array, purpose: string): Promise<Buffer>;
}
