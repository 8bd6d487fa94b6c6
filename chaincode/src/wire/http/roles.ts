/**
 * Roles of a member's own staff, as its token issuer states them. `practitioner` and `clinician` are two words of the
 * field for who treats; they may do the same. A token may carry further roles: they go into the request object,
 * where the custodian's rules may know them (emergency roles), and open no route.
 */
export const ROLES = [
  'practitioner',
  'clinician',
  'researcher',
  'consent-clerk',
  'consent-portal',
  'records-clerk',
  'privacy-officer',
  'trial-manager',
  'auditor',
  'admin',
] as const;
export type Role = (typeof ROLES)[number];

/** Who asks for records. */
export const READERS = ['practitioner', 'clinician', 'researcher'] as const satisfies readonly Role[];

/**
 * Who of a custodian's own staff may check what would be decided. An answer tells what a subject has decided, so it is
 * for those who treat, keep or oversee; a researcher asks for records and learns what any requester does.
 */
export const CHECKERS = [
  'practitioner',
  'clinician',
  'consent-clerk',
  'records-clerk',
  'auditor',
] as const satisfies readonly Role[];

/**
 * Who brings what a subject wants. A portal passes on what subjects and delegates sign themselves, and witnesses nothing; staff does
 * both.
 */
export const SPEAKERS = ['consent-clerk', 'consent-portal'] as const satisfies readonly Role[];

/** Who goes after what is wrong with records: whoever keeps them, and the privacy official, who answers for what is said of a subject. */
export const QUALITY_KEEPERS = ['records-clerk', 'privacy-officer'] as const satisfies readonly Role[];

/** Who takes requests to amend records in, and what subjects say to a denial. */
export const AMENDMENT_SPEAKERS = [
  'consent-clerk',
  'consent-portal',
  'privacy-officer',
] as const satisfies readonly Role[];

/** Who answers them: the custodian's privacy official (45 CFR 164.526(e), (f)). */
export const AMENDMENT_ANSWERERS = ['privacy-officer'] as const satisfies readonly Role[];

export const AMENDMENT_READERS = [
  'privacy-officer',
  'consent-clerk',
  'auditor',
] as const satisfies readonly Role[];

/** Who may have a subject erased: the custodian's privacy official (45 CFR 164.530(a)(1)) or data protection officer. */
export const ERASERS = ['privacy-officer'] as const satisfies readonly Role[];

/**
 * Who speaks for a member in agreements with others and about legal bases: its privacy official; at an oversight organisation its auditor,
 * too, and at no other.
 */
export const SIGNATORIES = ['privacy-officer', 'auditor'] as const satisfies readonly Role[];

/** Whose word is evidence that a subject wants something: at oversight the auditor's, too. */
export const WITNESSES = ['consent-clerk', 'auditor'] as const satisfies readonly Role[];
