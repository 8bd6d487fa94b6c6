import { z } from 'zod';
import { send, type HttpsResponse } from '../https.js';
import { EXIT, UserError } from '../user-error.js';
import type { IssuerClient, IssuerMember } from './config.js';

const tokenResponse = z.looseObject({ access_token: z.string(), expires_in: z.number() });

export interface Token {
  readonly token: string;
  readonly expiresInSeconds: number;
}

/**
 * Fetches an access token for a demo user from the running issuer (RFC 6749, section 4.4.2, the client
 * authenticated as in section 2.3.1). Throws a UserError when it does not answer or refuses.
 * @param ca PEM of the issuer's CA
 */
export async function fetchToken(member: IssuerMember, client: IssuerClient, ca: Buffer): Promise<Token> {
  const url = `${member.issuer}/token`;
  const credentials = [client.id, client.secret].map(encodeURIComponent).join(':');
  let response: HttpsResponse;
  try {
    response = await send({
      method: 'POST',
      url,
      ca,
      headers: {
        authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: 'grant_type=client_credentials',
    });
  } catch (cause) {
    throw new UserError(
      `The issuer at ${url} does not answer: see \`consent-ledger status\`.`,
      EXIT.notRunning,
      { cause },
    );
  }
  if (response.status !== 200) {
    throw new UserError(`The issuer at ${url} refused a token for ${client.id}: status ${response.status}.`);
  }
  const answer = tokenResponse.parse(JSON.parse(response.body.toString('utf8')));
  return { token: answer.access_token, expiresInSeconds: answer.expires_in };
}
