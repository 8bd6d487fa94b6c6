import { z } from 'zod';
import { commandSalt, digest, eventKey, fhirId, pseudonym, unique, version } from '../primitives.js';
import { MAX_JWS_LENGTH, MAX_RECORDS } from '../request-object.js';
import { descriptorFields } from '../values/records.js';
import { evidence } from '../values/evidence.js';
import { fhirResource } from '../fhir-json.js';
import { custodyPolicy, pepper } from '../values/custody.js';
import {
  answerAmendment,
  disputeAmendment,
  extendAmendment,
  requestAmendment,
  tellAmendment,
} from './amendments.js';
import { eraseSubject } from './erasure.js';
import { REVIEW_FINDINGS } from '../values/events.js';
import { logJournal } from './journal.js';
import { enrol } from './studies.js';
import {
  confirmSubjectBasis,
  dropSubjectBasis,
  endSubjectBasis,
  proposeSubjectBasis,
} from './subject-bases.js';
import { endDelegation, registerDelegation, registerKey, revokeKey } from './evidence.js';

/** Most requests in one transaction. */
export const MAX_REQUESTS = 100;

const envelope = { v: z.literal(1), salt: commandSalt } as const;

export const openCustody = z.strictObject({
  ...envelope,
  command: z.literal('open-custody'),
  pepper,
  policy: custodyPolicy,
});

export const registerSubject = z.strictObject({
  ...envelope,
  command: z.literal('register-subject'),
  subject: fhirId,
});

export const registerRecord = z.strictObject({
  ...envelope,
  command: z.literal('register-record'),
  ...descriptorFields,
});

/** Most records in one transaction. */
export const MAX_REGISTERED = 200;

/** Several records at once, such as those of one FHIR Bundle: all of them or none. */
export const registerRecords = z.strictObject({
  ...envelope,
  command: z.literal('register-records'),
  records: z
    .array(z.strictObject(descriptorFields))
    .min(1)
    .max(MAX_REGISTERED)
    .refine((records) => new Set(records.map(({ record }) => record)).size === records.length),
});

export const fileConsent = z.strictObject({
  ...envelope,
  command: z.literal('file-consent'),
  consent: fhirId,
  /** Absent: the first. */
  version: version.exactOptional(),
  subject: fhirId,
  resource: fhirResource,
  evidence,
});

/**
 * Texts of requests as they came in. Whatever a text is, it is answered by an event or by a line in
 * `refused`; it is never an error for the others. So the texts are not judged here; together they must fit
 * into a command.
 */
export const decideCommand = z.strictObject({
  ...envelope,
  command: z.literal('decide'),
  requests: z.array(z.string()).min(1).max(MAX_REQUESTS),
  /** What the custodian found for those of them that search; the word of the custodian alone, as it is what it has. */
  found: z
    .array(z.strictObject({ request: digest, records: unique(fhirId, 0, MAX_RECORDS) }))
    .max(MAX_REQUESTS)
    .exactOptional(),
});

/** Most receipts in one transaction. */
export const MAX_DELIVERIES = 100;

/** Receipts of many releases; the gateway has verified each, so one that is refused refuses the command. */
export const recordDeliveries = z.strictObject({
  ...envelope,
  command: z.literal('record-deliveries'),
  deliveries: z
    .array(z.strictObject({ event: eventKey, receipt: z.string().max(MAX_JWS_LENGTH) }))
    .min(1)
    .max(MAX_DELIVERIES),
});

/** What was found of a break-glass access. The request is the event's own: it says who looked. */
export const reviewEmergency = z.strictObject({
  ...envelope,
  command: z.literal('review-emergency'),
  event: eventKey,
  request: z.string().max(MAX_JWS_LENGTH),
  reviewer: pseudonym,
  finding: z.enum(REVIEW_FINDINGS),
});

export const custodyCommand = z.discriminatedUnion('command', [
  openCustody,
  registerSubject,
  registerRecord,
  registerRecords,
  fileConsent,
  registerKey,
  revokeKey,
  registerDelegation,
  endDelegation,
  decideCommand,
  recordDeliveries,
  eraseSubject,
  reviewEmergency,
  logJournal,
  enrol,
  proposeSubjectBasis,
  confirmSubjectBasis,
  dropSubjectBasis,
  endSubjectBasis,
  requestAmendment,
  extendAmendment,
  answerAmendment,
  disputeAmendment,
  tellAmendment,
]);
export type CustodyCommand = z.infer<typeof custodyCommand>;
