import { relyingParty } from '@consent-ledger/chaincode/wire';
import { z } from 'zod';
import { mapping } from './mapping.js';
import { duration } from './quantities.js';

/*
 * How a custodian's patients sign and are told: the part of a topology file that its gateway's configuration takes as
 * `passkeys` and `notifications`. Secrets are never in it: it names the files that hold them.
 */

const fileName = z.string('a file name').min(1, 'a file name').max(4_096, 'a shorter file name');

const ORIGIN = 'the https origin of a page below that domain, such as https://portal.riverside.example';

/** Who may ask for the signature of a passkey, and from which pages (WebAuthn section 5.1.4.1). */
const passkey = mapping({
  id: z.string('the domain of a relying party, such as riverside.example').max(253, 'a shorter domain'),
  origins: z
    .array(z.string(ORIGIN).max(300, ORIGIN), 'a list of origins')
    .min(1, 'at least one origin')
    .max(8, 'at most 8 origins'),
}).superRefine(({ id, origins }, context) => {
  if (relyingParty.safeParse({ id, origins }).success) return;
  if (!relyingParty.shape.id.safeParse(id).success) {
    const message = 'the domain of a relying party in lower case, such as riverside.example';
    context.addIssue({ code: 'custom', path: ['id'], message });
    return;
  }
  origins.forEach((origin, index) => {
    if (!relyingParty.safeParse({ id, origins: [origin] }).success)
      context.addIssue({ code: 'custom', path: ['origins', index], message: ORIGIN });
  });
});

export const passkeysSchema = z
  .array(passkey, 'a list of relying parties')
  .max(16, 'at most 16 relying parties');

const TLS = ['implicit', 'starttls', 'none'] as const;
const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost']);
const PORT = 'a port number from 1 to 65535';

const smtp = mapping({
  host: z
    .string('the host name of a mail server')
    .regex(/^[A-Za-z0-9.:-]{1,253}$/, 'the host name of a mail server, without a port'),
  port: z.int(PORT).min(1, PORT).max(65_535, PORT).optional(),
  tls: z.enum(TLS, `one of ${TLS.join(', ')}`).optional(),
  /** PEM of the CA of the server; absent: those that Node trusts. */
  caFile: fileName.optional(),
  user: z
    .string('the name of an account')
    .min(1, 'the name of an account')
    .max(256, 'a shorter name')
    .optional(),
  passwordFile: fileName.optional(),
  from: z.email('an address of mail'),
}).superRefine(({ host, tls, user, passwordFile }, context) => {
  const refuse = (path: string, message: string): void => {
    context.addIssue({ code: 'custom', path: [path], message });
  };
  if (user !== undefined && passwordFile === undefined) refuse('user', 'a passwordFile beside user');
  if (user === undefined && passwordFile !== undefined) refuse('passwordFile', 'a user beside passwordFile');
  if (tls === 'none' && !LOOPBACK.has(host))
    refuse('tls', 'implicit or starttls, unless the server is on this machine');
});

const webhooks = mapping({
  /** Hosts that subjects' webhooks may go to: nothing else is ever called. */
  hosts: z
    .array(
      z
        .string('a host, or host:port')
        .regex(/^[a-z0-9.-]{1,253}(?::\d{1,5})?$/, 'a host in lower case, or host:port'),
      'a list of hosts',
    )
    .min(1, 'at least one host')
    .max(64, 'at most 64 hosts'),
  caFile: fileName.optional(),
});

const PORTAL = 'the https:// address where a patient signs in';

export const notificationsSchema = mapping({
  portal: z.url({ protocol: /^https$/, error: PORTAL }),
  smtp: smtp.optional(),
  webhooks: webhooks.optional(),
  /** Before a message is tried a second time, in milliseconds; then twice as long each time, at most an hour. */
  retry: duration(10, 3_600_000).optional(),
  /** A message that could not be brought for so long, in milliseconds, is given up. */
  giveUp: duration(1_000, 30 * 86_400_000).optional(),
});

export type Passkeys = z.output<typeof passkeysSchema>;
export type Notifications = z.output<typeof notificationsSchema>;

/** What a gateway's configuration says where a topology says this. */
export function notificationSettings({
  portal,
  smtp: mail,
  webhooks: hooks,
  retry,
  giveUp,
}: Notifications): object {
  return {
    portal,
    ...(mail === undefined ? {} : { smtp: withTlsCa(mail) }),
    ...(hooks === undefined ? {} : { webhooks: withTlsCa(hooks) }),
    ...(retry === undefined ? {} : { retryMs: retry }),
    ...(giveUp === undefined ? {} : { giveUpMs: giveUp }),
  };
}

function withTlsCa({ caFile, ...settings }: { readonly caFile?: string | undefined }): object {
  return { ...settings, ...(caFile === undefined ? {} : { tlsCa: caFile }) };
}

/** The files that it names, from the given folder on. */
export function withFilesFrom(
  { smtp: mail, webhooks: hooks, ...rest }: Notifications,
  absolute: (file: string) => string,
): Notifications {
  const all = <Part extends { caFile?: string | undefined; passwordFile?: string | undefined }>(
    part: Part,
  ): Part => ({
    ...part,
    ...(part.caFile === undefined ? {} : { caFile: absolute(part.caFile) }),
    ...(part.passwordFile === undefined ? {} : { passwordFile: absolute(part.passwordFile) }),
  });
  return {
    ...rest,
    ...(mail === undefined ? {} : { smtp: all(mail) }),
    ...(hooks === undefined ? {} : { webhooks: all(hooks) }),
  };
}

/** Every file that the gateway reads because of it. */
export function filesOf({ smtp: mail, webhooks: hooks }: Notifications): readonly string[] {
  return [mail?.caFile, mail?.passwordFile, hooks?.caFile].filter((file) => file !== undefined);
}
