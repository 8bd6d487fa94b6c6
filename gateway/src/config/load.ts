import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { configurationSchema, type Configuration, type Member } from './schema.js';

/** The configuration with every path absolute and this gateway's own member found. */
export interface LoadedConfiguration {
  readonly configuration: Configuration;
  readonly own: Member;
}

/** The file cannot be read, is not JSON, or says something that this gateway does not understand. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

/** Reads and parses the configuration. Throws a ConfigurationError that names the keys that are wrong, never their values. */
export function loadConfiguration(path: string): LoadedConfiguration {
  return parseConfiguration(readJson(path), dirname(resolve(path)));
}

/** Parses a configuration whose relative paths are relative to `folder`. Throws a ConfigurationError. */
export function parseConfiguration(value: unknown, folder: string): LoadedConfiguration {
  const parsed = configurationSchema.safeParse(value);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      (issue) => `${issue.path.join('.') || '(file)'}: ${issue.message}`,
    );
    throw new ConfigurationError(`the configuration is not valid: ${problems.join('; ')}`);
  }
  const configuration = withAbsolutePaths(parsed.data, folder);
  const own = configuration.members.find((member) => member.mspId === configuration.member);
  if (own === undefined) throw new ConfigurationError('member: must be the mspId of one of the members');
  return { configuration, own };
}

function readJson(path: string): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigurationError(`the configuration ${path} cannot be read`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigurationError(`the configuration ${path} is not JSON`, { cause: error });
  }
}

function withAbsolutePaths(configuration: Configuration, folder: string): Configuration {
  const { ledger, listen, tokens, keys } = configuration;
  const absolute = (path: string): string => resolve(folder, path);
  return {
    ...configuration,
    members: configuration.members.map((member) => ({ ...member, tlsCa: absolute(member.tlsCa) })),
    ledger: {
      ...ledger,
      peer: { ...ledger.peer, tlsCa: absolute(ledger.peer.tlsCa) },
      otherPeers: ledger.otherPeers.map((peer) => ({ ...peer, tlsCa: absolute(peer.tlsCa) })),
      certificate: absolute(ledger.certificate),
      privateKey: absolute(ledger.privateKey),
      ...(ledger.admin === undefined
        ? {}
        : {
            admin: {
              certificate: absolute(ledger.admin.certificate),
              privateKey: absolute(ledger.admin.privateKey),
            },
          }),
    },
    ...(configuration.labelTable === undefined ? {} : { labelTable: absolute(configuration.labelTable) }),
    ...(configuration.qualityTable === undefined
      ? {}
      : { qualityTable: absolute(configuration.qualityTable) }),
    studyProfiles: configuration.studyProfiles.map(absolute),
    keys: { signing: absolute(keys.signing), encryption: absolute(keys.encryption) },
    tokens: { ...tokens, ...(tokens.tlsCa === undefined ? {} : { tlsCa: absolute(tokens.tlsCa) }) },
    ...(configuration.notifications === undefined
      ? {}
      : { notifications: withAbsoluteFiles(configuration.notifications, absolute) }),
    ...(configuration.studyAlerts?.tlsCa === undefined
      ? {}
      : { studyAlerts: { ...configuration.studyAlerts, tlsCa: absolute(configuration.studyAlerts.tlsCa) } }),
    listen: { ...listen, certificate: absolute(listen.certificate), privateKey: absolute(listen.privateKey) },
    dataDirectory: absolute(configuration.dataDirectory),
    ...(configuration.sharedDirectory === undefined
      ? {}
      : { sharedDirectory: absolute(configuration.sharedDirectory) }),
    records: withAbsoluteStore(configuration.records, absolute),
    keyStore: withAbsoluteToken(configuration.keyStore, absolute),
  };
}

function withAbsoluteToken(
  keyStore: Configuration['keyStore'],
  absolute: (path: string) => string,
): Configuration['keyStore'] {
  if (keyStore.kind === 'file') return keyStore;
  return { ...keyStore, library: absolute(keyStore.library), pinFile: absolute(keyStore.pinFile) };
}

function withAbsoluteStore(
  records: Configuration['records'],
  absolute: (path: string) => string,
): Configuration['records'] {
  if (records.kind === 'files') return records;
  const { credentialsFile, tlsCa } = records;
  return {
    ...records,
    credentialsFile: absolute(credentialsFile),
    ...(tlsCa === undefined ? {} : { tlsCa: absolute(tlsCa) }),
  };
}

function withAbsoluteFiles(
  notifications: NonNullable<Configuration['notifications']>,
  absolute: (path: string) => string,
): NonNullable<Configuration['notifications']> {
  const { smtp, webhooks, ...rest } = notifications;
  const file = <Name extends string>(name: Name, path: string | undefined): Partial<Record<Name, string>> =>
    path === undefined ? {} : ({ [name]: absolute(path) } as Partial<Record<Name, string>>);
  return {
    ...rest,
    ...(smtp === undefined
      ? {}
      : {
          smtp: { ...smtp, ...file('tlsCa', smtp.tlsCa), ...file('passwordFile', smtp.passwordFile) },
        }),
    ...(webhooks === undefined ? {} : { webhooks: { ...webhooks, ...file('tlsCa', webhooks.tlsCa) } }),
  };
}
