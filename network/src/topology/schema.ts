import { z } from 'zod';
import { mapping } from './mapping.js';
import { notificationsSchema, passkeysSchema } from './people.js';
import { studyAlertsSchema } from './study-alerts.js';
import { duration, size } from './quantities.js';
import { keyStoreSchema, recordsSchema } from './stores.js';

/*
 * The shape of a topology file. Every message says what is expected at that place; `problems.ts` adds where
 * and what was found. Rules that concern more than one value are in `cross-checks.ts`.
 */

const slug = z
  .string('a short lower-case name, such as riverside')
  .regex(
    /^[a-z](?:[a-z0-9]|-(?=[a-z0-9])){0,39}$/,
    'a name of at most 40 lower-case letters, digits and single hyphens, starting with a letter',
  );

// Stands in names of collections, of configuration groups and of folders, so it is narrower than Fabric's own rule.
const mspId = z
  .string('an MSP id, such as RiversideMSP')
  .regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/, 'an MSP id of at most 40 letters and digits, starting with a letter');

// common/configtx/validator.go of Fabric: lower-case alphanumerics, dots and dashes, starting with a letter.
const channelName = z
  .string('a channel name, such as consent')
  .regex(
    /^[a-z][a-z0-9.-]{0,248}$/,
    'a channel name of lower-case letters, digits, dots and dashes, starting with a letter, shorter than 250',
  );

// core/chaincode/lifecycle/scc.go of Fabric.
const chaincodeName = z
  .string('a chaincode name, such as consent-ledger')
  .regex(
    /^[a-zA-Z0-9]+(?:[-_][a-zA-Z0-9]+)*$/,
    'a chaincode name of letters and digits, parted by single - or _',
  )
  .max(64, 'a chaincode name of at most 64 characters');
const chaincodeVersion = z
  .string('a version in quotes, such as "0.1.0"')
  .regex(/^[A-Za-z0-9_.+-]{1,64}$/, 'a version of letters, digits and _ . + -');

const host = z
  .string('a host name or IPv4 address')
  .max(253, 'a host name of at most 253 characters')
  .regex(
    /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/,
    'a host name in lower case or an IPv4 address, without a port',
  );

const portNumber = z
  .int('a port number from 1 to 65535')
  .min(1, 'a port number from 1 to 65535')
  .max(65_535, 'a port number from 1 to 65535');

const httpsUrl = z
  .string('an https:// address')
  .max(2_048, 'an https:// address of at most 2048 characters')
  .refine(isPlainHttps, 'an https:// address without user, query or fragment');

function isPlainHttps(text: string): boolean {
  const url = URL.parse(text);
  return url?.protocol === 'https:' && !url.username && !url.password && !/[?#\s]/.test(text);
}

const displayName = z
  .string('a name for people, such as Riverside Hospital')
  .min(1, 'a name for people')
  .max(120, 'a name of at most 120 characters');

/** What runs for one organisation and listens on a port. */
export const PORT_USES = [
  'gateway',
  'peer',
  'orderer',
  'chaincode',
  'peerChaincode',
  'peerOperations',
  'ordererAdmin',
  'ordererOperations',
] as const;

const ports = mapping({
  gateway: portNumber.optional(),
  peer: portNumber.optional(),
  orderer: portNumber.optional(),
  chaincode: portNumber.optional(),
  peerChaincode: portNumber.optional(),
  peerOperations: portNumber.optional(),
  ordererAdmin: portNumber.optional(),
  ordererOperations: portNumber.optional(),
} satisfies Record<(typeof PORT_USES)[number], unknown>);

const tokens = mapping({
  /** `iss` of the tokens that this member's gateway accepts. Absent: the demo's own issuer. */
  issuer: httpsUrl.optional(),
  /** `aud` that a token must carry. Absent: the address of the member's gateway. */
  audience: z
    .string('the audience of a token')
    .min(1, 'the audience of a token')
    .max(512, 'a shorter audience')
    .optional(),
  jwksUri: httpsUrl.optional(),
  /** PEM file of the CA behind the issuer, beside the topology file; absent: those that Node trusts. */
  caFile: z.string('a file name').min(1, 'a file name').optional(),
});

// The custodian's policy for subjects who have said nothing: semantics.md, deciding, rule 8.
const IMPLIED_POLICIES = ['deny', 'basic-normal', 'all-normal', 'break-glass-only'] as const;

const purposes = z
  .array(
    z.string('a purpose of use').min(1, 'a purpose of use').max(256, 'a purpose of use'),
    'a list of purposes of use',
  )
  .max(64, 'at most 64 purposes')
  .default([]);

/** As in the custody's policy on the ledger. */
const CODE_SYSTEM = /^[a-z][a-z0-9+.-]{1,15}:[!-{}~]{1,175}$/;

export const custodySchema = mapping({
  impliedPolicy: z.enum(IMPLIED_POLICIES, `one of ${IMPLIED_POLICIES.join(', ')}`).default('deny'),
  /** Roles that may break the glass; none by default. */
  emergencyRoles: z
    .array(
      z
        .string('the name of a role')
        .regex(/^[A-Za-z][A-Za-z0-9_.:-]{0,63}$/, 'the name of a role, such as emergency-physician'),
      'a list of roles',
    )
    .max(32, 'at most 32 roles')
    .default([]),
  /** A break-glass access is to be reviewed within this many hours. */
  reviewHours: z
    .int('a whole number of hours from 1 to 8760')
    .min(1, 'a whole number of hours from 1 to 8760')
    .max(8_760, 'a whole number of hours from 1 to 8760')
    .default(72),
  /** Who breaks the glass has authenticated so lately, in one of these ways (RFC 8176), and has access for so long. */
  emergencyAccess: mapping({
    authenticatedWithinSeconds: z
      .int('a whole number of seconds from 60 to 86400')
      .min(60, 'a whole number of seconds from 60 to 86400')
      .max(86_400, 'a whole number of seconds from 60 to 86400')
      .default(900),
    methods: z
      .array(
        z
          .string('a way to authenticate, such as mfa')
          .regex(/^[!-~]{1,64}$/, 'a way to authenticate, such as mfa'),
        'a list of ways to authenticate (RFC 8176)',
      )
      .min(1, 'at least one way to authenticate')
      .max(16, 'at most 16 ways to authenticate')
      .default(['mfa', 'hwk', 'sc']),
    accessHours: z
      .int('a whole number of hours from 1 to 8760')
      .min(1, 'a whole number of hours from 1 to 8760')
      .max(8_760, 'a whole number of hours from 1 to 8760')
      .default(24),
  }).prefault({}),
  /** Whether emergencies are answered while the ledger is out of reach. */
  emergencyJournal: mapping({
    outOfReachSeconds: z
      .int('a whole number of seconds from 1 to 3600')
      .min(1, 'a whole number of seconds from 1 to 3600')
      .max(3_600, 'a whole number of seconds from 1 to 3600')
      .default(30),
    withinMinutes: z
      .int('a whole number of minutes from 10 to 1440')
      .min(10, 'a whole number of minutes from 10 to 1440')
      .max(1_440, 'a whole number of minutes from 10 to 1440')
      .default(60),
  }).optional(),
  /** Purposes for which only a signed consent counts. */
  signedOnlyPurposes: purposes,
  /** Purposes that need an agreement between the members. */
  agreementPurposes: purposes,
  /** Code systems whose purposes count beside v3 ActReason's. */
  purposeSystems: z
    .array(
      z
        .string('the URI of a code system')
        .regex(CODE_SYSTEM, 'the URI of a code system of at most 192 characters, without | and spaces'),
      'a list of URIs of code systems',
    )
    .max(16, 'at most 16 code systems')
    .optional(),
});

export const ORGANISATION_KINDS = ['hospital', 'sponsor', 'auditor', 'regulator'] as const;

const DAY_MS = 86_400_000;
const ENDORSEMENTS = ['given', 'refused', 'withheld'] as const;

/** What is not at its best with the organisation's peer; on the embedded ledger alone, to see what comes of it. */
const troubles = mapping({
  /** Milliseconds after which a block reaches the peer. */
  lag: z
    .union([z.literal('stopped'), duration(0, DAY_MS)], 'a duration, such as 300ms, or stopped')
    .optional(),
  /** Milliseconds after its block until the peer has private data that it did not endorse itself. */
  privateDataDelay: z
    .union([z.literal('never'), duration(0, DAY_MS)], 'a duration, such as 5s, or never')
    .optional(),
  endorsements: z.enum(ENDORSEMENTS, `one of ${ENDORSEMENTS.join(', ')}`).optional(),
});

const ENCRYPTION_KEYS = ['p-256', 'hybrid'] as const;

export const organisationSchema = mapping({
  name: slug,
  mspId,
  kind: z.enum(ORGANISATION_KINDS, `one of ${ORGANISATION_KINDS.join(', ')}`),
  displayName,
  /** Where others reach this organisation's processes. */
  host: host.default('127.0.0.1'),
  /** More names for its TLS certificates. */
  extraHosts: z.array(host, 'a list of host names').max(16, 'at most 16 host names').default([]),
  /** The address of an interface that its processes bind to. */
  listen: z.ipv4('an IPv4 address of an interface, such as 127.0.0.1 or 0.0.0.0').default('127.0.0.1'),
  ports: ports.default({}),
  tokens: tokens.default({}),
  custody: custodySchema.optional(),
  /** YAML or JSON file beside the topology file: which codes make a record sensitive. Absent: the gateway's own table. */
  labelTable: z.string('a file name').min(1, 'a file name').optional(),
  /** YAML or JSON file beside the topology file: what is looked for in records that come in. Absent: the gateway's own table. */
  qualityTable: z.string('a file name').min(1, 'a file name').optional(),
  /** JSON files beside the topology file: profiles by which its data are pseudonymised for studies, beside the one that comes along. */
  studyProfiles: z
    .array(z.string('a file name').min(1, 'a file name'), 'a list of file names')
    .max(16, 'at most 16 profiles')
    .optional(),
  /** Relying parties that passkeys of its patients may be registered for. */
  passkeys: passkeysSchema.optional(),
  /** How its patients are told what is done in their name. */
  notifications: notificationsSchema.optional(),
  /** Where its systems are told what somebody has to act on in its studies. */
  studyAlerts: studyAlertsSchema.optional(),
  /** Where ciphertexts of its records lie. Absent: in files of its gateway's. */
  records: recordsSchema.optional(),
  /** The device in which its key is. Absent: a file of its gateway's. */
  keyStore: keyStoreSchema.optional(),
  /** What record keys are wrapped for when they come to this member. Absent: `p-256`. Takes effect when its keys are made, or rotated. */
  encryptionKey: z.enum(ENCRYPTION_KEYS, `one of ${ENCRYPTION_KEYS.join(', ')}`).optional(),
  troubles: troubles.optional(),
});

/** Who has left. What was logged about them is kept, and so are the collections that it is in. */
const formerOrganisation = mapping({
  name: slug,
  mspId,
  kind: z.enum(ORGANISATION_KINDS, `one of ${ORGANISATION_KINDS.join(', ')}`),
  /** MSP ids of the sponsors that a hospital, or the hospitals that a sponsor, had study collections with. */
  studies: z.array(mspId, 'a list of MSP ids').max(100, 'at most 100 MSP ids').default([]),
});

const ORDERING_TYPES = ['embedded', 'raft', 'bft'] as const;

const ordering = mapping({
  type: z.enum(ORDERING_TYPES, `one of ${ORDERING_TYPES.join(', ')}`).default('embedded'),
  /** Milliseconds until a block is cut after its first transaction. */
  blockInterval: duration(10, 60_000).default(100),
  maxMessageCount: z
    .int('a whole number of transactions from 1 to 100000')
    .min(1, 'a whole number of transactions from 1 to 100000')
    .max(100_000, 'a whole number of transactions from 1 to 100000')
    .default(500),
  absoluteMaxBytes: size(65_536, 103_809_024).default(10_485_760),
  preferredMaxBytes: size(1_024, 103_809_024).default(2_097_152),
  /** Names of the organisations whose orderers make blocks on Fabric. Absent: see `orderingOrganisations`. */
  orderers: z
    .array(slug, 'a list of names of organisations')
    .min(1, 'at least one organisation')
    .max(100, 'at most 100 organisations')
    .optional(),
  /** Milliseconds without a sign of life from the leader until the other orderers take another. Absent: `leaderTimeout`. */
  leaderTimeout: duration(500, 60_000).optional(),
});

const CHECKPOINT_BLOCKS = 'a whole number of blocks from 1 to 1000000';

export const topologySchema = mapping({
  topology: z.literal(1, 'the number 1, the version of this format'),
  channel: channelName.default('consent'),
  chaincode: mapping({ name: chaincodeName.default('consent-ledger'), version: chaincodeVersion }),
  ordering: ordering.prefault({}),
  /** How long an epoch lasts: what is endorsed in one can never become valid in the next. */
  epoch: duration(60_000, 86_400_000).default(300_000),
  /** The members sign what they have of the history at each block whose number is a multiple of it. */
  checkpointBlocks: z
    .int(CHECKPOINT_BLOCKS)
    .min(1, CHECKPOINT_BLOCKS)
    .max(1_000_000, CHECKPOINT_BLOCKS)
    .default(100),
  organisations: z.array(organisationSchema, 'a list of organisations').max(100, 'at most 100 organisations'),
  former: z
    .array(formerOrganisation, 'a list of organisations that have left')
    .max(100, 'at most 100 organisations')
    .optional(),
});

export type TopologyDocument = z.output<typeof topologySchema>;
