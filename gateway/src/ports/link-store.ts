/** A link that a subject holds; the secret in it is kept as a hash alone. */
export interface KeptLink {
  readonly id: string;
  readonly subject: string;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly endedAt: number | undefined;
}

/** Somebody named the subject by it. */
export interface LinkUse {
  readonly at: number;
  /** MSP id. */
  readonly member: string;
  /** Pseudonym of the user at that member. */
  readonly user: string;
}

export interface LinkStore {
  add(link: Omit<KeptLink, 'endedAt'>, secretHash: string): void;
  /** The link with that secret that is good at `at`, and keeps that it was used; on the disk when it returns. */
  use(secretHash: string, use: LinkUse): KeptLink | undefined;
  /** False where there is no such link of the subject. */
  end(subject: string, id: string, at: number): boolean;
  /** Newest first. */
  of(subject: string): readonly (KeptLink & { readonly uses: readonly LinkUse[] })[];
  /** Nothing stays of the subject's links. */
  forget(subject: string): void;
}
