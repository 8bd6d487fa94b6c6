export type Outcome = 'permit' | 'deny';

/** Who gave a consent, and how that is known (docs/consent.md, "Evidence"). */
export type Evidence = 'signed' | 'witnessed' | 'delegated';

export type PermitReason =
  'legal-basis' | 'break-glass' | 'permitted-by-consent' | 'permitted-by-implied-policy';

export type DenyReason =
  | 'member-not-active'
  | 'not-known'
  | 'break-glass-forbidden'
  | 'break-glass-incomplete'
  | 'agreement-missing'
  | 'study-not-known'
  | 'study-not-in-force'
  | 'beyond-study'
  | 'participation-not-active'
  | 'denied-by-consent'
  | 'reconsent-overdue'
  | 'evidence-insufficient'
  | 'not-covered-by-consent'
  | 'no-consent'
  | 'consent-withdrawn'
  | 'consent-expired';

export type ReasonCode = PermitReason | DenyReason;

/** What one consent said, and by which of its provisions. */
export interface BasisEntry {
  readonly consent: string;
  readonly version: number;
  readonly outcome: Outcome | 'nothing';
  /** FHIRPath of the provision that decided; absent where the consent said nothing. */
  readonly path?: string;
  readonly evidence: Evidence;
}

/** What the receiver of a permitted record must do. Instants are FHIR instants in UTC. */
export type Obligation =
  | { readonly code: 'prohibit-redisclosure'; readonly cites: string; readonly notice: string }
  | { readonly code: 'expires-at'; readonly at: string }
  | { readonly code: 'review-by'; readonly at: string }
  /** It leaves only as the profile of that digest says: whoever holds it applies it before, and the receiver gets nothing else. */
  | {
      readonly code: 'pseudonymise';
      readonly profile: string;
      readonly version: string;
      /** SHA-256 of the profile's canonical text, base64url. */
      readonly digest: string;
    };

export type PseudonymiseObligation = Extract<Obligation, { code: 'pseudonymise' }>;

export interface Answer {
  readonly outcome: Outcome;
  readonly reason: ReasonCode;
  readonly basis: readonly BasisEntry[];
  readonly obligations: readonly Obligation[];
  /** The version of the rules that decided. */
  readonly rules: string;
}
