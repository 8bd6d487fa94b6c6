import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { DEFAULT_PATIENCE_MS, peerConditions } from './peers/conditions.js';

const path = z.string().min(1);
const address = z.string().regex(/^[^\s:/]+:\d{1,5}$/, 'expected host:port');
const mspId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]*$/);
/** Paths of PEM files. */
const identity = z.strictObject({ certificate: path, privateKey: path });

const organisation = z.strictObject({
  mspId,
  /** Where its peer listens: Fabric's Gateway and Deliver services. Port 0 takes a free one. */
  listen: address,
  tls: identity,
  /** Signs endorsements. */
  peer: identity,
  /** Approves chaincode definitions. */
  admin: identity,
  /** What its peer shows to chaincode servers. */
  chaincodeClient: identity,
  /** What is not at its best with its peer; nothing by default. */
  conditions: peerConditions.optional(),
});

const chaincode = z.strictObject({
  name: z.string().min(1),
  version: z.string().min(1),
  /** `label:hash`: what the chaincode server registers as. */
  packageId: z.string().min(1),
  /** Where the chaincode server listens: one for all organisations, or, by MSP id, one for each. */
  address: z.union([address, z.record(mspId, address)]),
  /** PEM file of the CA of the server's certificate. */
  rootCertificate: path,
  /** protos.ApplicationPolicy */
  validationParameter: z.base64(),
  /** protos.CollectionConfigPackage */
  collections: z.base64(),
});

const schema = z.strictObject({
  version: z.literal(1),
  /** Folder of the store. */
  dataDirectory: path,
  /** File with the serialised common.Block. */
  genesisBlock: path,
  organisations: z.array(organisation).min(1),
  /** Signs blocks; where `listen` says, it takes envelopes and delivers blocks itself, as Fabric's orderers do. */
  orderer: identity.extend({ mspId, listen: address.optional(), tls: identity.optional() }),
  chaincodes: z.array(chaincode),
  /** Seconds after which a chaincode's answer is no longer waited for. */
  executeTimeoutSeconds: z.number().positive().max(3600).default(30),
  /** Seconds after which another peer's endorsement is no longer waited for. */
  endorsementTimeoutSeconds: z.number().positive().max(3600).default(30),
  /** Milliseconds that a peer holds up a block for private data that it has not got. */
  privateDataPatienceMs: z.number().int().min(0).max(3_600_000).default(DEFAULT_PATIENCE_MS),
});

/** Everything that the embedded ledger is started with. Relative paths are relative to the working directory. */
export type EmbeddedLedgerConfiguration = z.infer<typeof schema>;
export type EmbeddedLedgerInput = z.input<typeof schema>;

/** A configuration that cannot be used; the text says where it is wrong. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** Strict: unknown keys are refused. Throws a ConfigurationError. */
export function parseConfiguration(input: unknown, file = 'the configuration'): EmbeddedLedgerConfiguration {
  const parsed = schema.safeParse(input);
  if (!parsed.success) {
    throw new ConfigurationError(`${file}:\n${z.prettifyError(parsed.error)}`);
  }
  const { organisations } = parsed.data;
  const names = organisations.map((each) => each.mspId);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new ConfigurationError(`${file}: organisation ${twice} is there twice`);
  }
  const { listen, tls } = parsed.data.orderer;
  if ((listen === undefined) !== (tls === undefined)) {
    throw new ConfigurationError(`${file}: the orderer needs both listen and tls to listen`);
  }
  return parsed.data;
}

/** Reads a configuration file (JSON). Throws a ConfigurationError. */
export async function readConfiguration(file: string): Promise<EmbeddedLedgerConfiguration> {
  let input: unknown;
  try {
    input = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`${file} cannot be read as JSON: ${reason}`, { cause: error });
  }
  return parseConfiguration(input, file);
}
