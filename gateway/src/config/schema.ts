import { primitives, relyingParty, z } from '@consent-ledger/chaincode/wire';
import { isIP } from 'node:net';
import { notificationsSchema, studyAlertsSchema } from './notifications.js';
import { keyStoreSchema, recordsSchema } from './stores.js';

const file = z
  .string()
  .min(1)
  .max(4096)
  .describe('path; a relative one is relative to the configuration file');
const mspId = z.string().regex(/^[A-Za-z][A-Za-z0-9.-]{0,63}$/, 'an MSP id');
const purposes = z.array(z.string().min(1).max(256)).max(64);
const port = z.int().min(0).max(65535);

/** A host name or an IP literal, then a port. */
const address = z.string().regex(/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/, 'host:port');

const httpsUrl = z.url({ protocol: /^https$/ }).refine((url) => !new URL(url).search && !new URL(url).hash, {
  message: 'an https URL without query and fragment',
});

const memberSchema = z
  .strictObject({
    mspId,
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,62}$/)
      .describe('in FHIR the member is Organization/<name>'),
    kind: z.enum(['hospital', 'sponsor', 'auditor', 'regulator']),
    displayName: z.string().min(1).max(200),
    gateway: httpsUrl.describe('base URL of the gateway of this member'),
    tlsCa: file.describe('PEM of the CA that alone may vouch for that gateway'),
  })
  .readonly();

const custodySchema = z
  .strictObject({
    impliedPolicy: z.enum(['deny', 'basic-normal', 'all-normal', 'break-glass-only']).default('deny'),
    emergencyRoles: z.array(z.string().min(1).max(64)).max(32).default([]),
    reviewHours: z.int().min(1).max(8760).default(72),
    emergencyAccess: z
      .strictObject({
        authenticatedWithinSeconds: z.int().min(60).max(86_400).default(900),
        methods: z
          .array(z.string().regex(/^[!-~]{1,64}$/))
          .min(1)
          .max(16)
          .default(['mfa', 'hwk', 'sc'])
          .describe('RFC 8176; one of them'),
        accessHours: z.int().min(1).max(8_760).default(24),
      })
      .prefault({})
      .readonly(),
    emergencyJournal: z
      .strictObject({
        outOfReachSeconds: z.int().min(1).max(3_600).default(30),
        withinMinutes: z.int().min(10).max(1_440).default(60),
      })
      .readonly()
      .exactOptional()
      .describe('emergencies are answered while the ledger is out of reach; absent: they are not'),
    signedOnlyPurposes: purposes.default([]),
    agreementPurposes: purposes.default([]),
    purposeSystems: z.array(primitives.codeSystem).max(16).default([]),
  })
  .readonly();

const peerSchema = z
  .strictObject({
    address,
    tlsCa: file,
    serverName: z.string().min(1).max(253).optional().describe('name in the certificate, if not the host'),
  })
  .readonly();

const ledgerSchema = z
  .strictObject({
    id: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('lower-case hex SHA-256 of the header of the genesis block'),
    channel: z.string().min(1).max(249),
    chaincode: z.string().min(1).max(64),
    peer: peerSchema.describe('of the own organisation'),
    otherPeers: z
      .array(peerSchema)
      .max(8)
      .default([])
      .describe('of the own organisation too: one takes its place when it does not answer'),
    keepaliveSeconds: z
      .int()
      .min(5)
      .max(3600)
      .default(60)
      .describe('between two pings; no less than the peers allow (keepalive.minInterval, of itself 60 s)'),
    epochSeconds: z
      .int()
      .min(1)
      .max(86_400)
      .default(300)
      .describe('how long an epoch lasts: oversight moves it, everybody else alarms when it is not moved'),
    checkpointBlocks: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(100)
      .describe(
        'the members sign what they have of the history at each block whose number is a multiple of it',
      ),
    collectionsDigest: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .describe('lower-case hex SHA-256 of the CollectionConfigPackage that every member approved'),
    formerCollectionsDigest: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional()
      .describe('of the one that was in force before: good until the new one is committed, and not after'),
    certificate: file.describe('PEM of the client identity that this gateway transacts as'),
    privateKey: file.describe('PEM (PKCS #8) of its key'),
    admin: z
      .strictObject({ certificate: file, privateKey: file })
      .readonly()
      .optional()
      .describe(
        'identity that registers the member; absent: somebody else registers it, and the gateway waits',
      ),
  })
  .readonly();

const keysSchema = z
  .strictObject({
    signing: file.describe('private JWK (P-256) that signs request objects and receipts'),
    encryption: file.describe('private JWK (P-256) that receives the keys of records'),
  })
  .readonly();

const tokensSchema = z
  .strictObject({
    issuer: httpsUrl,
    audience: z.string().min(1).max(512),
    jwksUri: httpsUrl,
    tlsCa: file.optional().describe('PEM of the CA of the issuer; absent: the public ones'),
    rolesClaim: z.string().min(1).max(128).default('roles'),
  })
  .readonly();

const base64Url = z.string().regex(/^[A-Za-z0-9_-]{1,1024}$/);
const keyInfo = {
  kid: z.string().min(1).max(256),
  alg: z.enum(['ES256', 'ES384', 'RS256', 'RS384']).exactOptional(),
  use: z.literal('sig').exactOptional(),
};

/** Strict, so that a private key that came here by mistake is refused. */
const publicJwkSchema = z.discriminatedUnion('kty', [
  z.strictObject({
    kty: z.literal('EC'),
    crv: z.enum(['P-256', 'P-384']),
    x: base64Url,
    y: base64Url,
    ...keyInfo,
  }),
  z.strictObject({ kty: z.literal('RSA'), n: base64Url, e: base64Url, ...keyInfo }),
]);

const cdsClientSchema = z
  .strictObject({
    issuer: z.string().min(1).max(512).describe('`iss` of its tokens'),
    keys: z.array(publicJwkSchema).min(1).max(16).describe('public keys, as JWK'),
  })
  .readonly();

const listenSchema = z
  .strictObject({
    host: z.string().refine((host) => isIP(host) !== 0 || host === 'localhost', 'an IP address or localhost'),
    port: port.describe('0: any free one'),
    certificate: file,
    privateKey: file,
  })
  .readonly();

const limitsSchema = z
  .strictObject({
    recordBytes: z
      .int()
      .min(1)
      .default(1024 ** 3),
    /** Of a FHIR Bundle, which is taken apart in memory. */
    bundleBytes: z
      .int()
      .min(1024)
      .max(64 * 1024 ** 2)
      .default(16 * 1024 ** 2),
    /** Of a record that is taken into memory to be pseudonymised; a larger one does not leave for a study. */
    pseudonymisedBytes: z
      .int()
      .min(1024)
      .max(64 * 1024 ** 2)
      .default(4 * 1024 ** 2),
    jsonBytes: z
      .int()
      .min(1024)
      .max(16 * 1024 ** 2)
      .default(256 * 1024),
    /** Waiting requests beyond this many are refused with 503, so that a flood cannot fill the memory. */
    waitingRequests: z.int().min(1).default(2000),
    /** What was permitted so long ago should have been delivered, or have been said to be cut short. */
    unsettledMinutes: z.int().min(1).max(100_000).default(60),
    batchSize: z.int().min(1).max(100).default(100),
    batchWaitMs: z.int().min(0).max(1000).default(5),
    batchesInFlight: z.int().min(1).max(64).default(8),
    /** Questions about one subject within an hour (`POST /v1/checks`). */
    checksPerSubject: z.int().min(1).default(1000),
    /** People that one user of another member may look for by demographics within an hour (`Patient/$match`). */
    matchesPerUser: z.int().min(1).default(60),
    /** The same, for all users of that member together. */
    matchesPerMember: z.int().min(1).default(2000),
    /** How long a reference to a person that was found is good. */
    foundMinutes: z.int().min(1).max(1440).default(60),
    /** Memory for compiled policies and descriptors that checks are answered from, about. */
    knownConsentsBytes: z
      .int()
      .min(1024)
      .default(96 * 1024 ** 2),
    /** Permitted difference between this machine's clock and that of another member, seconds. */
    clockSkewSeconds: z.int().min(0).max(300).default(5),
  })
  .prefault({})
  .readonly();

const retentionSchema = z
  .strictObject({
    /** How long it is kept who checked what; six years, as HIPAA keeps its documentation (45 CFR 164.316(b)(2)). */
    checkDays: z.int().min(1).max(36_500).default(2192),
  })
  .prefault({})
  .readonly();

const deadlinesSchema = z
  .strictObject({
    endorseMs: z.int().min(100).default(15_000),
    submitMs: z.int().min(100).default(15_000),
    evaluateMs: z.int().min(100).default(5_000),
    /** How long a user waits for a transaction to be in a block; the outbox goes on after that. */
    commitMs: z.int().min(100).default(30_000),
    /** For a release by another gateway, from the question to the last byte. */
    releaseMs: z.int().min(100).default(600_000),
    /** For the first byte of another gateway's answer, and between two. */
    peerIdleMs: z.int().min(100).default(45_000),
    /** How long a stop waits for what is under way. */
    drainMs: z.int().min(0).default(10_000),
  })
  .prefault({})
  .readonly();

/**
 * The one file that a gateway reads. Where it says a path, the file's own content is not part of it: secrets stay
 * in files of mode 0600.
 */
export const configurationSchema = z
  .strictObject({
    version: z.literal(1),
    member: mspId.describe('which of the members this gateway is'),
    members: z.array(memberSchema).min(1).max(200),
    ledger: ledgerSchema,
    custody: custodySchema.optional().describe('for hospitals, which alone keep records'),
    labelTable: file
      .optional()
      .describe(
        'YAML or JSON: which codes make a record sensitive (docs/labelling.md); absent: the table that comes along',
      ),
    qualityTable: file
      .optional()
      .describe(
        'YAML or JSON: what is looked for in records that come in (docs/quality.md); absent: the table that comes along',
      ),
    studyProfiles: z
      .array(file)
      .max(16)
      .default([])
      .describe(
        'JSON: profiles by which data are pseudonymised for studies, beside the one that comes along',
      ),
    keys: keysSchema,
    tokens: tokensSchema,
    cdsClients: z
      .array(cdsClientSchema)
      .max(64)
      .default([])
      .describe('EHRs that sign a token of their own for each call of a CDS service (CDS Hooks)'),
    listen: listenSchema,
    passkeys: z
      .array(relyingParty)
      .max(16)
      .default([])
      .describe('relying parties that passkeys of subjects may be registered for'),
    notifications: notificationsSchema
      .optional()
      .describe('how subjects are told what is done in their name; absent: they are told nothing'),
    studyAlerts: studyAlertsSchema
      .optional()
      .describe(
        'where a sponsor’s systems are told of withdrawals, expiry and overdue consents; absent: nowhere',
      ),
    dataDirectory: file.describe('records, keys and the projection; created when it is not there'),
    keyStore: keyStoreSchema.describe("where the custodian's key is"),
    records: recordsSchema.describe('where ciphertexts of records lie'),
    sharedDirectory: file
      .optional()
      .describe(
        'what several gateways of this member on one machine share: idempotency keys; absent: dataDirectory',
      ),
    limits: limitsSchema,
    deadlines: deadlinesSchema,
    retention: retentionSchema,
    logLevel: z.enum(['error', 'warn', 'info', 'debug']).default('info'),
  })
  .superRefine((configuration, context) => {
    const own = configuration.members.find((member) => member.mspId === configuration.member);
    if (own === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['member'],
        message: 'must be the mspId of one of the members',
      });
    } else if ((own.kind === 'hospital') !== (configuration.custody !== undefined)) {
      const message = own.kind === 'hospital' ? 'a hospital needs it' : `a ${own.kind} keeps no records`;
      context.addIssue({ code: 'custom', path: ['custody'], message });
    }
    if (own !== undefined && own.kind !== 'sponsor' && configuration.studyAlerts !== undefined) {
      const message = `a ${own.kind} sponsors no studies`;
      context.addIssue({ code: 'custom', path: ['studyAlerts'], message });
    }
    for (const field of ['mspId', 'name'] as const) {
      const seen = new Set<string>();
      configuration.members.forEach((member, index) => {
        if (seen.has(member[field])) {
          context.addIssue({ code: 'custom', path: ['members', index, field], message: 'is there twice' });
        }
        seen.add(member[field]);
      });
    }
  })
  .readonly();

/** What is written into the file: defaults may be left out. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
export type Configuration = z.output<typeof configurationSchema>;
export type Member = Configuration['members'][number];
