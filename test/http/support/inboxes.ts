import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';
import { newTlsAuthority, type TlsAuthority } from '../../support/tls.js';

/** A mail as it came in. */
export interface Mail {
  readonly to: string;
  readonly text: string;
}

/** A real SMTP server on loopback, with STARTTLS and a password. */
export interface MailServer {
  readonly port: number;
  readonly mails: Mail[];
  /** Status with which recipients are refused; undefined: they are taken. */
  refuse: number | undefined;
  close(): Promise<void>;
}

export const SMTP_USER = 'gateway';
export const SMTP_PASSWORD = 'a password of the test';

export async function startMailServer(authority: TlsAuthority): Promise<MailServer> {
  const { cert, key } = await authority.issue();
  const mails: Mail[] = [];
  const server = new SMTPServer({
    cert,
    key,
    authOptional: false,
    onAuth: ({ username, password }, { secure }, callback) => {
      const isRight = secure && username === SMTP_USER && password === SMTP_PASSWORD;
      callback(isRight ? null : new Error('wrong password'), isRight ? { user: username } : undefined);
    },
    onRcptTo: (_address, _session, callback) => {
      callback(
        mailServer.refuse === undefined
          ? null
          : Object.assign(new Error('refused'), { responseCode: mailServer.refuse }),
      );
    },
    onData: (stream, { envelope }, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const to = envelope.rcptTo.map(({ address }) => address).join();
        mails.push({ to, text: Buffer.concat(chunks).toString('utf8') });
        callback();
      });
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const mailServer: MailServer = {
    port: (listening.address() as AddressInfo).port,
    mails,
    refuse: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
      }),
  };
  return mailServer;
}

/** A subject's application that takes webhooks. */
export interface Hook {
  readonly host: string;
  readonly bodies: {
    readonly contentType: string | undefined;
    readonly text: string;
    readonly path: string;
  }[];
  /** Status that it answers with. */
  status: number;
  close(): Promise<void>;
}

export async function startHook(authority: TlsAuthority): Promise<Hook> {
  const bodies: Hook['bodies'] = [];
  const server = createServer(await authority.issue(), (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      bodies.push({ contentType: request.headers['content-type'], text, path: request.url ?? '' });
      response.writeHead(hook.status, { location: '/elsewhere' }).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const hook: Hook = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    bodies,
    status: 202,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
  return hook;
}

export function newAuthority(): Promise<TlsAuthority> {
  return newTlsAuthority('inboxes of the test');
}
