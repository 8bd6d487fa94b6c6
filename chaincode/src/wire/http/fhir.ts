import { z } from 'zod';
import { fileConsentBody } from './consents.js';
import { idSchema, memberReferenceSchema } from './shared.js';

/** Header with what FHIR has no element for: how it is known who gave a consent, as base64url of JSON. */
export const EVIDENCE_HEADER = 'consent-ledger-evidence';

/** What the evidence header holds: the `evidence` of `POST /v1/consents`. */
export const fhirEvidenceSchema = fileConsentBody.shape.evidence;

export const FHIR_MEDIA_TYPE = 'application/fhir+json';
export const FORM_MEDIA_TYPE = 'application/x-www-form-urlencoded';

const release = z.enum(['r4', 'r5']);
export const fhirParams = z.strictObject({ release });
export const fhirConsentParams = z.strictObject({ release, id: idSchema });
export const fhirVersionParams = z.strictObject({
  release,
  id: idSchema,
  version: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .describe('versionId: 1 for the first, the withdrawal counts as the last'),
});

const custodian = memberReferenceSchema
  .optional()
  .describe('whose consents: needed at the gateway of an oversight member');
const format = z.string().max(100).optional().describe('json; FHIR XML is not spoken');

/** Unknown parameters are the handler's business: `Prefer: handling=strict` refuses them, `lenient` leaves them out. */
export const fhirQuery = z.looseObject({ _format: format, _pretty: z.string().optional(), custodian });

/** A search parameter, which may be repeated (AND) and hold a list (OR). */
const searched = z.union([z.string(), z.array(z.string()).max(20)]).optional();

export const fhirSearchQuery = fhirQuery.extend({
  _id: searched,
  _lastUpdated: searched.describe('date, with a prefix such as ge'),
  patient: searched.describe('Patient/<subject>'),
  status: searched.describe('a withdrawn consent is inactive'),
  period: searched.describe('date, with a prefix such as ge'),
  actor: searched.describe('a reference that a provision of any depth names'),
  purpose: searched.describe('code, or system|code, that a provision of any depth names'),
  _count: z.coerce.number().int().min(0).max(200).optional().describe('entries of a page'),
  _summary: z.enum(['count', 'false']).optional(),
  _total: z.enum(['none', 'estimate', 'accurate']).optional(),
  _cursor: z.string().max(8_192).optional().describe('from the link `next` of a page'),
});

export const fhirHistoryQuery = fhirQuery.extend({
  _count: z.coerce.number().int().min(0).max(200).optional().describe('entries of a page'),
  _since: z.string().max(64).optional().describe('instant'),
  _cursor: z.string().max(8_192).optional().describe('from the link `next` of a page'),
});

/** Read from the request's headers; others are left alone. */
export const fhirReadHeaders = z.object({
  prefer: z.string().max(1_000).optional().describe('handling=strict | lenient'),
  'if-none-match': z.string().max(1_000).optional(),
});

export const fhirWriteHeaders = z.object({
  prefer: z
    .string()
    .max(1_000)
    .optional()
    .describe('return=minimal | representation | OperationOutcome; handling=strict | lenient'),
  'if-match': z.string().max(1_000).optional().describe('W/"<versionId>"'),
  [EVIDENCE_HEADER]: z
    .string()
    .max(8_192)
    .optional()
    .describe('base64url of the JSON that `POST /v1/consents` takes as `evidence`'),
});

export const fhirConsentBody = z.record(z.string().max(256), z.json()).describe('FHIR Consent');

const resource = (resourceType: string): z.ZodObject =>
  z.looseObject({ resourceType: z.literal(resourceType) });
export const fhirConsent = resource('Consent').meta({ id: 'FhirConsent' });
export const fhirBundle = resource('Bundle').meta({ id: 'FhirBundle' });
export const fhirCapabilityStatement = resource('CapabilityStatement').meta({
  id: 'FhirCapabilityStatement',
});
export const operationOutcome = resource('OperationOutcome').meta({ id: 'FhirOperationOutcome' });

export type FhirSearchQuery = z.infer<typeof fhirSearchQuery>;
