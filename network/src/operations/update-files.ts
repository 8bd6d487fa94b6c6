import type { Organisation } from '../topology/index.js';
import { openDesk } from './change-configuration.js';
import type { ChannelConfiguration } from './config/channel-configuration.js';
import { staleElements } from './config/applied-update.js';
import { describeUpdate, updateDigest } from './config/describe-update.js';
import { judgeSignatures, type SignatureVerdict } from './config/signatures.js';
import {
  decodeSignatureFile,
  decodeUpdateFile,
  signUpdate,
  withSignatures,
  type PendingUpdate,
} from './config/update-file.js';
import { isInForce } from './ledger/submit-update.js';
import { actingOrganisation, signatoryOf, type Site } from './site.js';

/** A change of the channel's configuration as a file, before it is submitted. */
export interface UpdateReport {
  readonly channel: string;
  /** Hex SHA-256 of what is signed, by which people can tell that they speak of the same one. */
  readonly digest: string;
  /** `made`: it is in force. `stale`: the configuration has changed since, and it can never be. */
  readonly state: 'pending' | 'made' | 'stale';
  /** What it does, a line for each change. Empty unless pending. */
  readonly says: readonly string[];
  readonly signatures: SignatureVerdict;
}

/**
 * What an update does and whose signatures it has.
 *
 * @param file as `--propose` wrote it, or `peer channel signconfigtx`
 * @param signatureFiles as `signUpdateFile` gave them
 * @throws ConfigurationError for files of another kind
 */
export async function reportUpdate(
  site: Site,
  file: Uint8Array,
  signatureFiles: readonly Uint8Array[] = [],
): Promise<UpdateReport> {
  const pending = pendingOf(file, signatureFiles);
  const desk = await openDesk(site, await signatoryOf(site, actingOrganisation(site)));
  try {
    return report(await desk.current(), pending);
  } finally {
    desk.close();
  }
}

/** An organisation's signature of an update, as a file. @throws IdentityError without its admin's key */
export async function signUpdateFile(
  site: Site,
  organisation: Pick<Organisation, 'name' | 'mspId'>,
  file: Uint8Array,
): Promise<Uint8Array> {
  return (await signUpdate(decodeUpdateFile(file), await signatoryOf(site, organisation))).serializeBinary();
}

/**
 * Submits an update that has signatures enough, and waits until it is in force. Doing it again changes nothing.
 *
 * @throws ConfigurationError that names the signatures that are missing
 */
export async function submitUpdateFile(
  site: Site,
  file: Uint8Array,
  signatureFiles: readonly Uint8Array[],
): Promise<void> {
  const pending = pendingOf(file, signatureFiles);
  const desk = await openDesk(site, await signatoryOf(site, actingOrganisation(site)));
  try {
    await desk.submit(pending);
  } finally {
    desk.close();
  }
}

function pendingOf(file: Uint8Array, signatureFiles: readonly Uint8Array[]): PendingUpdate {
  return withSignatures(decodeUpdateFile(file), signatureFiles.map(decodeSignatureFile));
}

function report(configuration: ChannelConfiguration, pending: PendingUpdate): UpdateReport {
  const { channel, bytes, update } = pending;
  const about = { channel, digest: updateDigest(bytes), signatures: judgeSignatures(configuration, pending) };
  if (isInForce(configuration, pending)) return { ...about, state: 'made', says: [] };
  if (staleElements(configuration.group, update).length > 0) return { ...about, state: 'stale', says: [] };
  return { ...about, state: 'pending', says: describeUpdate(configuration.group, update) };
}
