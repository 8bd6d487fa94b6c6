/** Meaning of an error in gRPC's words (google.rpc.Code). */
export type GrpcMeaning =
  | 'INVALID_ARGUMENT'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'UNIMPLEMENTED'
  | 'UNAVAILABLE'
  | 'DEADLINE_EXCEEDED'
  | 'DATA_LOSS'
  | 'INTERNAL';

export interface ErrorEntry {
  /** HTTP status of the problem (RFC 9457) that says it. */
  readonly status: number;
  readonly grpc: GrpcMeaning;
  /** Whether the same call can succeed later without anybody changing it. */
  readonly retryable: boolean;
  /** What a person should do. */
  readonly action: string;
}

function entry(
  status: number,
  grpc: GrpcMeaning,
  action: string,
  retry: 'retry' | 'final' = 'final',
): ErrorEntry {
  return { status, grpc, retryable: retry === 'retry', action };
}

/**
 * The one catalogue of errors. A code never changes its meaning and is never used again; docs/errors.md
 * explains each. No error says whether a record, subject or consent of someone else exists.
 */
export const ERRORS = {
  // Chaincode: what any function may answer.
  'function-unknown': entry(
    404,
    'UNIMPLEMENTED',
    'Call one of the functions in docs/architecture.md section 2.',
  ),
  'arguments-malformed': entry(
    400,
    'INVALID_ARGUMENT',
    'Pass exactly the arguments and the transient field that the function takes.',
  ),
  'command-malformed': entry(400, 'INVALID_ARGUMENT', 'Correct the command at the paths given.'),
  'query-malformed': entry(400, 'INVALID_ARGUMENT', 'Correct the query at the paths given.'),
  'caller-not-allowed': entry(
    403,
    'PERMISSION_DENIED',
    'Use an identity of the member, and of the kind (client or admin), that may call this.',
  ),
  'transaction-time-refused': entry(
    503,
    'UNAVAILABLE',
    "Synchronise the clocks of the gateway and of the endorsing organisations' servers, then try again.",
    'retry',
  ),
  'private-data-pending': entry(
    503,
    'UNAVAILABLE',
    'Wait: a peer does not have the private data yet and is fetching it. Look at that peer if it lasts.',
    'retry',
  ),
  'chaincode-failed': entry(500, 'INTERNAL', "Look in the chaincode's log; report it if it comes back."),

  // Emergency journal.
  'journal-off': entry(
    403,
    'FAILED_PRECONDITION',
    'Wait until the ledger is within reach: this custodian releases nothing without it.',
  ),
  'journal-refused': entry(
    422,
    'INVALID_ARGUMENT',
    'Have both gateways and their clocks looked at: what they signed is not of one emergency that the policy allows.',
  ),
  'journal-not-next': entry(
    409,
    'FAILED_PRECONDITION',
    'Commit to the entries of a journal in their order, and to each once.',
  ),
  'journal-due-too-late': entry(
    422,
    'INVALID_ARGUMENT',
    'Have the clocks looked at: no policy gives an entry of a journal so long to be on the ledger.',
  ),
  'journals-too-many': entry(
    409,
    'FAILED_PRECONDITION',
    'Go on with the journal that is there, out of a backup: this member has begun as many as it may.',
  ),
  'ledger-within-reach': entry(
    409,
    'FAILED_PRECONDITION',
    'Ask again: the ledger is within reach, or has not been out of it for long enough.',
    'retry',
  ),

  // Registry.
  'ledger-not-founded': entry(409, 'FAILED_PRECONDITION', 'Found the ledger first.'),
  'ledger-already-founded': entry(
    409,
    'ALREADY_EXISTS',
    'Compare the topology with the ledger that is there.',
  ),
  'member-unknown': entry(404, 'NOT_FOUND', 'Register the member first, or correct its MSP id.'),
  'member-name-taken': entry(409, 'ALREADY_EXISTS', 'Choose another name; it belongs to another member.'),
  'member-identity-fixed': entry(
    409,
    'FAILED_PRECONDITION',
    "Keep the member's name and kind: they never change once registered.",
  ),
  'member-key-fixed': entry(
    409,
    'FAILED_PRECONDITION',
    'Keep every key that was ever registered, with its use; retire it instead of removing it.',
  ),
  'member-key-weaker': entry(
    409,
    'FAILED_PRECONDITION',
    'Register a hybrid encryption key (HPKE-10): a member that has had one does not go back to P-256 alone.',
  ),
  'member-key-unusable': entry(
    400,
    'INVALID_ARGUMENT',
    'Give a P-256 public key that is a point of the curve, or an HPKE-10 key whose coefficients are in range.',
  ),

  'epoch-not-next': entry(
    409,
    'FAILED_PRECONDITION',
    'Nothing is to be done: the epoch has been moved already.',
  ),
  'epoch-too-early': entry(
    409,
    'FAILED_PRECONDITION',
    'Wait until the present epoch is old enough; look at the clocks of oversight if it comes back.',
  ),

  'checkpoint-other-ledger': entry(
    409,
    'FAILED_PRECONDITION',
    'Sign a checkpoint of this ledger: its id is in the first line.',
  ),
  'checkpoint-signature-invalid': entry(
    400,
    'INVALID_ARGUMENT',
    'Sign the text with the key of the certificate that the call is made with.',
  ),
  'checkpoint-signed-otherwise': entry(
    409,
    'FAILED_PRECONDITION',
    'Stop and compare with the other members: this member has signed another history up to that block.',
  ),

  // Custody.
  'member-not-custodian': entry(
    403,
    'FAILED_PRECONDITION',
    'Only members registered as hospital hold records.',
  ),
  'custody-not-open': entry(409, 'FAILED_PRECONDITION', 'Open the custody of this member first.'),
  'custody-already-open': entry(
    409,
    'ALREADY_EXISTS',
    'Go on with the custody that is open; it is opened once.',
  ),
  'subject-already-registered': entry(
    409,
    'ALREADY_EXISTS',
    'Take the subject that is there, or make a new id.',
  ),
  'subject-unknown': entry(404, 'NOT_FOUND', 'Register the subject first.'),
  'subject-erased': entry(410, 'FAILED_PRECONDITION', 'Nothing more can be kept for an erased subject.'),
  'record-facts-refused': entry(422, 'INVALID_ARGUMENT', "Correct the record's facts at the paths given."),
  'bundle-refused': entry(
    422,
    'INVALID_ARGUMENT',
    'Correct or leave out the entries at the paths given, or keep the others with `partial=true`.',
  ),
  'record-version-conflict': entry(
    409,
    'FAILED_PRECONDITION',
    'Read the record again and register the version after the newest one.',
  ),
  'record-subjects-fixed': entry(
    409,
    'FAILED_PRECONDITION',
    'Register it as another record: its subjects never change.',
  ),
  'record-erased': entry(410, 'FAILED_PRECONDITION', 'Nothing more can be kept for an erased record.'),
  'consent-refused': entry(
    422,
    'INVALID_ARGUMENT',
    'Change the consent at the FHIRPaths given: what the rules do not understand is not filed.',
  ),
  'consent-identifies-person': entry(
    422,
    'INVALID_ARGUMENT',
    'Remove narrative, display texts and personal identifiers at the FHIRPaths given.',
  ),
  'consent-not-of-subject': entry(
    422,
    'INVALID_ARGUMENT',
    'Name the subject as Patient/<subject id>, and the consent by its own id, in the resource.',
  ),
  'consent-actor-not-member': entry(
    422,
    'FAILED_PRECONDITION',
    'Name as recipients only organisations that are registered members, or register them first.',
  ),
  'consent-supersedes-refused': entry(
    422,
    'FAILED_PRECONDITION',
    'Let a consent supersede only consents of the same subject that are on file and do not supersede it, and in a new version all that the one before superseded.',
  ),
  'consent-already-filed': entry(
    409,
    'ALREADY_EXISTS',
    'File a changed consent as the next version, or under a new id that supersedes this one.',
  ),
  'consent-version-conflict': entry(
    409,
    'FAILED_PRECONDITION',
    'Read the consent again and file the version after the newest one.',
  ),
  'consent-dialect-fixed': entry(
    409,
    'FAILED_PRECONDITION',
    'File the change in the FHIR version of the first version, or under a new id that supersedes this one.',
  ),
  'consent-is-withdrawn': entry(
    409,
    'FAILED_PRECONDITION',
    'File a new consent under an id of its own: a withdrawn one stays as it is.',
  ),
  'consent-limit-reached': entry(
    409,
    'FAILED_PRECONDITION',
    'File what is new as the next version of one of the subject’s consents: a subject has at most 1024, those that have ended included.',
  ),
  'consent-conflicts': entry(
    409,
    'FAILED_PRECONDITION',
    'Supersede each deny that is named, narrow what is permitted, or acknowledge that the deny stands; then file again.',
  ),
  'consent-id-refused': entry(
    422,
    'INVALID_ARGUMENT',
    'Give a signed consent the id that derives from what was signed, and no other consent an id of 64 hexadecimal digits.',
  ),
  'consent-unknown': entry(404, 'NOT_FOUND', 'Correct the id of the consent or of the subject.'),
  // Custody and withdrawal: evidence, keys and delegations.
  'evidence-not-accepted': entry(
    422,
    'INVALID_ARGUMENT',
    'Give evidence of a kind, or a signature of the key, that this act takes.',
  ),
  'evidence-date-refused': entry(
    422,
    'FAILED_PRECONDITION',
    'Sign again: the statement is too old, or its date is in the future. If it comes back, set the clock of the device.',
  ),
  'evidence-key-unknown': entry(
    422,
    'FAILED_PRECONDITION',
    'Register the key in the name of whoever signs, or sign with one that is.',
  ),
  'evidence-key-ended': entry(
    422,
    'FAILED_PRECONDITION',
    'Sign with a key that has not been replaced or revoked.',
  ),
  'evidence-signature-refused': entry(
    422,
    'INVALID_ARGUMENT',
    'Sign exactly the statement that the gateway gives for this act; the paths name what is wrong.',
  ),
  'evidence-counter-refused': entry(
    422,
    'FAILED_PRECONDITION',
    "Revoke the passkey and register another: its authenticator's counter went back, so there may be a copy.",
  ),
  'subject-key-unusable': entry(
    422,
    'INVALID_ARGUMENT',
    'Give a public key for ES256 (P-256) or EdDSA (Ed25519), a passkey as its authenticator encoded it.',
  ),
  'subject-key-already-registered': entry(
    409,
    'ALREADY_EXISTS',
    'Take the key that is there, or make a new one: a key that ended never comes back.',
  ),
  'subject-key-unknown': entry(404, 'NOT_FOUND', 'Correct the key or the subject.'),
  'delegation-unknown': entry(404, 'NOT_FOUND', 'Correct the delegation or the subject.'),
  'delegation-already-registered': entry(409, 'ALREADY_EXISTS', 'Register it under another id.'),
  'delegation-not-in-force': entry(
    403,
    'FAILED_PRECONDITION',
    'Register a new delegation: this one has ended, was revoked, or has not begun.',
  ),
  'delegation-exceeded': entry(
    403,
    'PERMISSION_DENIED',
    'Ask the subject, or whoever the law names, for a delegation that covers this.',
  ),
  'event-not-emergency': entry(
    409,
    'FAILED_PRECONDITION',
    'Review accesses for which the glass was broken; this one rests on something else.',
  ),
  'reviewer-not-independent': entry(
    403,
    'PERMISSION_DENIED',
    'Let somebody else review it: whoever looked does not judge it themselves.',
  ),
  'emergency-already-reviewed': entry(
    409,
    'ALREADY_EXISTS',
    'Nothing is to be done: the first finding stands.',
  ),
  'amendment-unknown': entry(404, 'NOT_FOUND', 'Correct the id: there is no such amendment.'),
  'amendment-record-unknown': entry(
    404,
    'NOT_FOUND',
    'Correct the record, its version or the subject: there is none that is about them.',
  ),
  'amendment-out-of-turn': entry(
    409,
    'FAILED_PRECONDITION',
    'Read the amendment: what was done before does not let this be done now.',
  ),
  'amendment-not-made': entry(
    409,
    'FAILED_PRECONDITION',
    'Register the amended record as a new version first, and accept by naming that version.',
  ),
  'event-unknown': entry(404, 'NOT_FOUND', 'Correct the key of the event, or wait until it is committed.'),
  'receipt-refused': entry(
    422,
    'INVALID_ARGUMENT',
    "Send the requester's own receipt for this event, of records that it permitted.",
  ),

  // Studies.
  'agreement-unknown': entry(
    404,
    'NOT_FOUND',
    'Correct the member: there is no agreement with it, nor a proposal.',
  ),
  'agreement-party-refused': entry(
    422,
    'FAILED_PRECONDITION',
    'Name a registered, active member other than your own, and call as one that is.',
  ),
  'agreement-terms-refused': entry(422, 'INVALID_ARGUMENT', 'Correct the terms at the paths given.'),
  'agreement-version-conflict': entry(
    409,
    'FAILED_PRECONDITION',
    'Read the agreement again and propose the version after the newest one.',
  ),
  'agreement-not-proposed': entry(
    409,
    'FAILED_PRECONDITION',
    'Read what the other member proposes now, and accept that, or propose something else.',
  ),
  'legal-basis-unknown': entry(404, 'NOT_FOUND', 'Correct the id of the legal basis.'),
  'legal-basis-party-refused': entry(
    403,
    'PERMISSION_DENIED',
    'Have a registered, active member do it that neither gains by the legal basis nor proposed it; to end it, oversight or one of the two that registered it.',
  ),
  'legal-basis-terms-refused': entry(422, 'INVALID_ARGUMENT', 'Correct the terms at the paths given.'),
  'legal-basis-version-conflict': entry(
    409,
    'FAILED_PRECONDITION',
    'Read the legal basis again and propose the version after the newest one.',
  ),
  'legal-basis-limit-reached': entry(
    409,
    'FAILED_PRECONDITION',
    'Confirm or drop what is proposed about this subject, or register the next version of one that there is.',
  ),
  'legal-basis-not-proposed': entry(
    409,
    'FAILED_PRECONDITION',
    'Read what is proposed now, and confirm that.',
  ),
  'study-unknown': entry(
    404,
    'NOT_FOUND',
    'Correct the id of the study, or have its sponsor state its terms at this site first.',
  ),
  'study-version-conflict': entry(
    409,
    'FAILED_PRECONDITION',
    'Read the study again and state the version after the newest one.',
  ),
  'study-sponsor-fixed': entry(
    409,
    'ALREADY_EXISTS',
    'Choose another id: a study of that id is another sponsor’s.',
  ),
  'study-parties-refused': entry(
    422,
    'FAILED_PRECONDITION',
    'Name as sponsor a member registered as sponsor, and as sites members registered as hospitals.',
  ),
  'study-terms-missing': entry(
    409,
    'FAILED_PRECONDITION',
    'State the terms of the study at each of its sites before what is public of it.',
  ),
  'study-terms-refused': entry(
    422,
    'INVALID_ARGUMENT',
    'Correct the terms at the paths given; protocol versions that are there stay as they are.',
  ),
  'consent-study-refused': entry(
    422,
    'FAILED_PRECONDITION',
    'File the text that the gateway makes for this study (POST /v1/studies/{id}/consent-forms), unchanged.',
  ),
  'participation-unknown': entry(404, 'NOT_FOUND', 'Correct the study or the participant’s pseudonym.'),
  'participation-status-refused': entry(
    409,
    'FAILED_PRECONDITION',
    'Bring the participation only from a status to one that can follow it (docs/trials.md).',
  ),
  'stop-refused': entry(
    422,
    'INVALID_ARGUMENT',
    'Acknowledge, signed with a key of the sponsor, a withdrawal that is on the ledger, not before it, and keep data only where the study may.',
  ),
  'stop-already-acknowledged': entry(
    409,
    'ALREADY_EXISTS',
    'Nothing is to be done: the sponsor has acknowledged this withdrawal.',
  ),

  // Requests that are not authentic: the request is refused and makes no event.
  'request-malformed': entry(
    400,
    'INVALID_ARGUMENT',
    'Send a request object as in docs/architecture.md section 3.',
  ),
  'request-wrong-audience': entry(
    403,
    'PERMISSION_DENIED',
    'Send the request to the custodian that it names.',
  ),
  'request-wrong-ledger': entry(403, 'PERMISSION_DENIED', 'Sign a request that names this ledger.'),
  'requester-unknown': entry(401, 'UNAUTHENTICATED', 'Register the requesting member on the ledger first.'),
  'signing-key-unknown': entry(
    401,
    'UNAUTHENTICATED',
    'Sign with an active signing key that the ledger has.',
  ),
  'request-signature-invalid': entry(
    401,
    'UNAUTHENTICATED',
    'Sign the request again; it was altered or signed wrongly.',
  ),
  'idempotency-key-reused': entry(
    422,
    'INVALID_ARGUMENT',
    'Give each request a key of its own; repeat a request exactly as it was sent first.',
  ),
  'idempotency-in-progress': entry(
    409,
    'FAILED_PRECONDITION',
    'Wait: the same request is under way. Repeat it later under the same key.',
    'retry',
  ),
  'request-replayed': entry(409, 'ALREADY_EXISTS', 'Ask again with a new request; each is decided once.'),

  // Authentic requests that are denied whatever the consents say; an event is made.
  'request-expired': entry(403, 'DEADLINE_EXCEEDED', 'Ask again; if it comes back, synchronise the clocks.'),
  'request-not-yet-valid': entry(
    403,
    'FAILED_PRECONDITION',
    'Synchronise the clocks of both gateways, then ask again.',
  ),
  'key-not-registered': entry(
    403,
    'FAILED_PRECONDITION',
    'Register the encryption key, or name one that is active.',
  ),

  // Gateway: HTTP.
  'route-unknown': entry(404, 'NOT_FOUND', 'See /docs for the routes of this gateway.'),
  'method-not-allowed': entry(405, 'UNIMPLEMENTED', 'Use a method that the Allow header names.'),
  'not-acceptable': entry(406, 'INVALID_ARGUMENT', 'Accept the media type that the route answers with.'),
  'media-type-unsupported': entry(415, 'INVALID_ARGUMENT', 'Send the media type that the route takes.'),
  'body-malformed': entry(400, 'INVALID_ARGUMENT', 'Correct the body at the paths given.'),
  'parameter-malformed': entry(
    400,
    'INVALID_ARGUMENT',
    'Correct the path, query or header parameters given.',
  ),
  'body-too-large': entry(413, 'RESOURCE_EXHAUSTED', 'Send less than the limit in /docs.'),
  'token-missing': entry(401, 'UNAUTHENTICATED', 'Send a bearer token of this member.'),
  'token-invalid': entry(401, 'UNAUTHENTICATED', 'Get a new token from the issuer of this member.'),
  'issuer-unavailable': entry(
    503,
    'UNAVAILABLE',
    "Try again; the keys of this member's token issuer cannot be had.",
    'retry',
  ),
  'projection-unavailable': entry(
    503,
    'UNAVAILABLE',
    "Try again; the database of the auditor's read model does not answer, or it is being caught up.",
    'retry',
  ),
  'report-too-long': entry(
    422,
    'INVALID_ARGUMENT',
    'Take csv or ndjson, or narrow the period with since and until: a PDF has 10,000 rows at most.',
  ),
  'role-missing': entry(403, 'PERMISSION_DENIED', 'Ask for the role that the route needs.'),
  'not-found': entry(404, 'NOT_FOUND', 'Correct the id; what is not yours is not found either.'),
  'version-mismatch': entry(
    412,
    'FAILED_PRECONDITION',
    'Read the newest version, apply the change to it, and send it with its ETag in If-Match.',
  ),
  'relying-party-unknown': entry(
    422,
    'FAILED_PRECONDITION',
    "Register passkeys for a relying party that this gateway's configuration names (`passkeys`).",
  ),
  'contact-channel-unavailable': entry(
    422,
    'FAILED_PRECONDITION',
    "Give addresses only for channels, and webhooks only on hosts, that this gateway's configuration names (`notifications`).",
  ),
  'idempotency-conflict': entry(
    409,
    'FAILED_PRECONDITION',
    'Use a new idempotency key for a different call.',
  ),
  'too-many-requests': entry(429, 'RESOURCE_EXHAUSTED', 'Wait as long as Retry-After says.', 'retry'),
  'check-limit-reached': entry(
    429,
    'RESOURCE_EXHAUSTED',
    'Wait as long as Retry-After says: this subject has been checked as often as is allowed. Ask for access where it is needed.',
    'retry',
  ),
  'match-incomplete': entry(
    422,
    'INVALID_ARGUMENT',
    'Give a family and a given name, the whole date of birth, and one of gender, identifier, postal code, phone or email.',
  ),
  'match-limit-reached': entry(
    429,
    'RESOURCE_EXHAUSTED',
    'Wait as long as Retry-After says: this user, or this member, has looked for people as often as the custodian allows.',
    'retry',
  ),
  'gateway-stopping': entry(503, 'UNAVAILABLE', 'Try again; the gateway is restarting.', 'retry'),
  'gateway-failed': entry(500, 'INTERNAL', "Look in the gateway's log under the problem's instance."),

  // Gateway: ledger and stores.
  'ledger-unavailable': entry(503, 'UNAVAILABLE', 'Try again; nothing was written.', 'retry'),
  'ledger-conflict': entry(
    409,
    'FAILED_PRECONDITION',
    'Try again; something else was written first.',
    'retry',
  ),
  'outcome-unknown': entry(
    504,
    'DEADLINE_EXCEEDED',
    'Wait: nothing is released until the ledger shows the outcome. Do not repeat it as a new request.',
  ),
  'store-unavailable': entry(
    503,
    'UNAVAILABLE',
    'Try again; if it comes back, look at the disk or the store.',
    'retry',
  ),
  'record-damaged': entry(
    500,
    'DATA_LOSS',
    'Restore the record from a backup; it does not match what was registered.',
  ),

  // Gateway: release.
  'access-denied': entry(
    403,
    'PERMISSION_DENIED',
    "Look at the problem's reasons; ask the custodian if in doubt.",
  ),
  'custodian-unknown': entry(404, 'NOT_FOUND', 'Name a member that holds records.'),
  'custodian-unavailable': entry(
    502,
    'UNAVAILABLE',
    "Try again; the custodian's gateway did not answer.",
    'retry',
  ),
  'slip-refused': entry(
    422,
    'INVALID_ARGUMENT',
    'Send slips of the own custody to the member that they are for, signed with an active key of the ledger.',
  ),
  'release-broken': entry(502, 'DATA_LOSS', 'Ask again; what came does not match what the ledger says.'),
  'record-withheld': entry(
    403,
    'PERMISSION_DENIED',
    'Ask the site: the record may leave, but not as it is, and the study’s profile knows no way to pseudonymise it.',
  ),
  'event-pending': entry(
    504,
    'UNAVAILABLE',
    'Wait: the own peer does not have the event yet. Nothing is opened without it.',
    'retry',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** Entry of a code, with the general type of an entry. */
export function errorEntry(code: ErrorCode): ErrorEntry {
  return ERRORS[code];
}
