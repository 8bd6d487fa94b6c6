import { readFile } from 'node:fs/promises';
import {
  gatewayUrl,
  organisationLayout,
  organisationNamed,
  servicesLayout,
  type PortPlan,
  type Topology,
} from '@consent-ledger/network';
import { fetchToken, issuerConfigFile, readIssuerConfig, send } from '@consent-ledger/scripts';

export interface MemberAnswer {
  readonly status: number;
  readonly text: string;
  readonly json: Record<string, unknown>;
}

/** A demo user, signed in at their member's gateway. */
export interface MemberUser {
  call(
    method: 'GET' | 'POST' | 'PUT',
    path: string,
    body?: object,
    headers?: Readonly<Record<string, string>>,
  ): Promise<MemberAnswer>;
}

export async function memberUser(
  topology: Topology,
  plan: PortPlan,
  dataDir: string,
  memberName: string,
  userName: string,
): Promise<MemberUser> {
  const { members } = await readIssuerConfig(issuerConfigFile(dataDir));
  const member = members.find(({ name }) => name === memberName);
  const client = member?.clients.find(({ id }) => id === userName);
  if (member === undefined || client === undefined) throw new RangeError(`no ${userName} at ${memberName}`);
  const { token } = await fetchToken(member, client, await readFile(servicesLayout(dataDir).ca.certificate));
  const ca = await readFile(organisationLayout(dataDir, memberName).tlsCa.certificate);
  const base = gatewayUrl(organisationNamed(topology, memberName), plan);
  return {
    async call(method, path, body, headers = {}) {
      const response = await send({
        method,
        url: base + path,
        deadlineMs: 60_000,
        ca,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: Buffer.from(JSON.stringify(body)) }),
      });
      const text = response.body.toString('utf8');
      return { status: response.status, text, json: JSON.parse(text) as Record<string, unknown> };
    },
  };
}
