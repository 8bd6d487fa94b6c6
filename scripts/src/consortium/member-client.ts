import { readFile } from 'node:fs/promises';
import { gatewayUrl, organisationLayout, organisationNamed, servicesLayout } from '@consent-ledger/network';
import { open, send, type HttpsRequest, type HttpsResponse } from '../https.js';
import { readIssuerConfig, type IssuerClient, type IssuerMember } from '../issuer/config.js';
import { fetchToken, type Token } from '../issuer/token.js';
import { badInput } from '../user-error.js';
import type { Consortium } from './consortium.js';
import { issuerConfigFile } from './issuer-setup.js';

/** A demo user at their member's gateway. */
export interface MemberClient {
  /** One request with the user's token. Rejects with Node's error when there is no answer in time. */
  send(wanted: MemberRequest): Promise<HttpsResponse>;
  /** The same, with an answer that is read as it comes. */
  open(wanted: MemberRequest): ReturnType<typeof open>;
}

type MemberRequest = Omit<HttpsRequest, 'url' | 'ca'> & { readonly path: string };

/** Signs a demo user in. Throws a UserError for one that does not exist, or when the issuer does not answer. */
export async function memberClient(
  consortium: Consortium,
  memberName: string,
  user: string,
): Promise<MemberClient> {
  const { member, client } = await findUser(consortium.dataDir, memberName, user);
  const { token } = await tokenOf(consortium.dataDir, member, client);
  const organisation = organisationNamed(consortium.topology, memberName);
  const ca = await readFile(organisationLayout(consortium.dataDir, memberName).tlsCa.certificate);
  const base = gatewayUrl(organisation, consortium.plan);
  const whole = ({ path, headers, ...rest }: MemberRequest): HttpsRequest => ({
    ...rest,
    url: base + path,
    ca,
    headers: { ...headers, authorization: `Bearer ${token}` },
  });
  return { send: (wanted) => send(whole(wanted)), open: (wanted) => open(whole(wanted)) };
}

/** Looks a demo user up. Throws a UserError that lists who there is. */
export async function findUser(
  dataDir: string,
  memberName: string,
  user: string,
): Promise<{ member: IssuerMember; client: IssuerClient }> {
  const { members } = await readIssuerConfig(issuerConfigFile(dataDir));
  const member = members.find(({ name }) => name === memberName);
  if (!member) {
    throw badInput(
      `There is no member ${memberName}: there are ${members.map(({ name }) => name).join(', ')}.`,
    );
  }
  const client = member.clients.find(({ id }) => id === user);
  if (!client) {
    throw badInput(
      `${memberName} has no user ${user}: it has ${member.clients.map(({ id }) => id).join(', ')}.`,
    );
  }
  return { member, client };
}

export async function tokenOf(dataDir: string, member: IssuerMember, client: IssuerClient): Promise<Token> {
  return fetchToken(member, client, await readFile(servicesLayout(dataDir).ca.certificate));
}
