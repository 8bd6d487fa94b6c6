import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { UserError } from '../user-error.js';
import type { IssuerClient, IssuerMember } from './config.js';

const DEADLINE_MS = 10_000;
const tokenResponse = z.looseObject({ access_token: z.string(), expires_in: z.number() });

export interface Token {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/** Fetches an access token for a demo user from the running issuer. Throws a UserError when it does not answer. */
export async function fetchToken(member: IssuerMember, client: IssuerClient, caFile: string): Promise<Token> {
  const ca = await readFile(caFile);
  const url = `${member.issuer}/token`;
  const { status, body } = await post(url, client, ca);
  const parsed = status === 200 ? tokenResponse.safeParse(JSON.parse(body)) : undefined;
  if (!parsed?.success) throw new UserError(`The issuer at ${url} gave no token: status ${status}.`);
  return { token: parsed.data.access_token, expiresInSeconds: parsed.data.expires_in };
}

/** RFC 6749, section 4.4.2, with the client authenticated as in section 2.3.1. */
async function post(url: string, client: IssuerClient, ca: Buffer): Promise<{ status: number; body: string }> {
  const credentials = [client.id, client.secret].map(encodeURIComponent).join(':');
  try {
    return await new Promise((resolve, reject) => {
      const sent = request(
        url,
        {
          method: 'POST',
          ca,
          signal: AbortSignal.timeout(DEADLINE_MS),
          headers: {
            authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
            'content-type': 'application/x-www-form-urlencoded',
          },
        },
        (response) => {
          text(response).then((body) => {
            resolve({ status: response.statusCode ?? 0, body });
          }, reject);
        },
      );
      sent.once('error', reject);
      sent.end('grant_type=client_credentials');
    });
  } catch (cause) {
    throw new UserError(`The issuer at ${url} does not answer; see \`consent-ledger status\`.`, undefined, { cause });
  }
}
