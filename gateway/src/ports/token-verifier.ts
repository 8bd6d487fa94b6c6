/** A user of this member, as the member's token issuer vouches for them. */
export interface User {
  /** The issuer's name for the user. Never leaves the gateway: others see a pseudonym. */
  readonly subject: string;
  readonly roles: readonly string[];
  /** FHIR references that the issuer attests of the user; absent is unknown. */
  readonly references?: readonly string[];
  /** When the user authenticated, seconds since 1970. */
  readonly authenticatedAt: number;
  /** How (RFC 8176). */
  readonly methods: readonly string[];
}

export interface TokenVerifier {
  /** Throws a Refusal: `token-invalid`, or `issuer-unavailable` where the keys of the issuer cannot be had. */
  verify(token: string): Promise<User>;
  /** Fetches the keys of the issuer. Throws what `verify` would. */
  probe(): Promise<void>;
}
