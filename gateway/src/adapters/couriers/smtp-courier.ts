import { createTransport } from 'nodemailer';
import { UndeliverableError, type Courier, type Message } from '../../ports/courier.js';
import type { SmtpConfiguration } from '../../config/notifications.js';

export interface Letterhead {
  /** Where a subject signs in to see what was done. */
  readonly portal: string;
  readonly custodian: string;
  /** Who oversees the custodian. */
  readonly oversight: readonly string[];
}

export interface SmtpCourierOptions extends SmtpConfiguration {
  readonly password: string | undefined;
  /** PEM of the CA that may vouch for the server; absent: the public ones. */
  readonly ca: string | undefined;
  readonly letterhead: Letterhead;
}

const CONNECT_MS = 10_000;
const IDLE_MS = 10_000;

/** Mails by SMTP (RFC 5321), over TLS unless the server is on this machine. */
export function createSmtpCourier(options: SmtpCourierOptions): Courier {
  const { host, port, tls, user, password, ca, from, letterhead } = options;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'implicit',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    ...(user === undefined || password === undefined ? {} : { auth: { user, pass: password } }),
    tls: { minVersion: 'TLSv1.2', ...(ca === undefined ? {} : { ca }) },
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: IDLE_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  const domain = from.slice(from.lastIndexOf('@') + 1);

  return {
    accepts: () => true,
    async send(address, message) {
      try {
        await transport.sendMail({
          from: { name: letterhead.custodian, address: from },
          to: { name: '', address },
          // Of a message that comes twice, the second is known by its id (RFC 5322 section 3.6.4).
          messageId: `<${message.id}@${domain}>`,
          headers: { 'Auto-Submitted': 'auto-generated' }, // RFC 3834
          ...letterOf(message, letterhead),
        });
      } catch (cause) {
        if (isRefusedForGood(cause)) throw new UndeliverableError('the mail was refused', { cause });
        throw cause;
      }
    },
    close: () => {
      transport.close();
    },
  };
}

/** A recipient or a message that the server answered with a 5xx (RFC 5321 section 4.2.1); not a wrong password of ours. */
function isRefusedForGood(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code, responseCode } = error as { readonly code?: unknown; readonly responseCode?: unknown };
  const isAboutMessage = code === 'EENVELOPE' || code === 'EMESSAGE';
  return isAboutMessage && typeof responseCode === 'number' && responseCode >= 500;
}

/** Says that something was done and where to look, and nothing of what it says: mail is read by others. */
function letterOf(
  { id, kind, at }: Message,
  { portal, custodian, oversight }: Letterhead,
): { subject: string; text: string } {
  const isContacts = kind === 'contacts-changed';
  const what = isContacts
    ? `The addresses at which ${custodian} tells you what is done in your name were changed`
    : `Something was filed, changed or withdrawn in your name at ${custodian}`;
  const text = `${what}, on ${at.slice(0, 10)}.

To see what it is, sign in at
${portal}

If you did not expect this, tell ${[custodian, ...oversight].join(', or ')}. You can withdraw a consent at each of them.

Reference: ${id}

This message says no more on purpose. Answers to it are not read.
`;
  return {
    subject: isContacts ? 'Your addresses were changed' : 'Something was filed in your name',
    text,
  };
}
