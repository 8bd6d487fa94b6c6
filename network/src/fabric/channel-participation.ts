import { request } from 'node:https';
import { isIP } from 'node:net';
import { z } from 'zod';
import type { AdminOfNode } from './fabric-node.js';

const TIMEOUT_MS = 20_000;

const channelList = z.object({ channels: z.array(z.object({ name: z.string() })).nullable() });

const channelInfo = z.object({
  height: z.int().nonnegative(),
  status: z.string(),
  consensusRelation: z.string(),
});

/** What an orderer says of a channel. Of these, the height alone is to be relied on: others go on saying `active`. */
export interface OrdererChannelInfo {
  /** Number of blocks. */
  readonly height: number;
  /** `active`, `onboarding`, `inactive` or `failed`. */
  readonly status: string;
  /** `consenter`, `follower`, `config-tracker` or `other`. */
  readonly consensusRelation: string;
}

/** One orderer's channels. */
export interface ChannelParticipation {
  channels(): Promise<string[]>;
  channel(name: string): Promise<OrdererChannelInfo>;
  /** Joins the channel of that genesis block. */
  join(genesisBlock: Buffer): Promise<void>;
}

/** What `osnadmin channel` speaks to: the REST service of one orderer, with the organisation's admin as TLS client. */
export function channelParticipation(node: AdminOfNode): ChannelParticipation {
  const { organisation, ports, material } = node;
  const call = (
    method: 'GET' | 'POST',
    body?: { type: string; bytes: Buffer },
    channel?: string,
  ): Promise<string> =>
    new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: organisation.host,
          // RFC 6066 has no server name that is an address; the certificate is checked against the host all the same.
          servername: isIP(organisation.host) === 0 ? organisation.host : '',
          port: ports.ordererAdmin,
          path: `/participation/v1/channels${channel === undefined ? '' : `/${channel}`}`,
          method,
          ca: material.tlsCaPem,
          cert: material.admin.tls.certificatePem,
          key: material.admin.tls.keyPem,
          timeout: TIMEOUT_MS,
          agent: false,
          headers:
            body === undefined ? {} : { 'content-type': body.type, 'content-length': body.bytes.length },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            const status = response.statusCode ?? 0;
            if (status >= 200 && status < 300) resolve(text);
            else reject(new Error(`orderer of ${organisation.name} answers ${status}: ${text.trim()}`));
          });
        },
      );
      outgoing.on('timeout', () =>
        outgoing.destroy(new Error(`orderer of ${organisation.name} does not answer`)),
      );
      outgoing.on('error', reject);
      outgoing.end(body?.bytes);
    });

  return {
    channels: async () => {
      const { channels } = channelList.parse(JSON.parse(await call('GET')));
      return (channels ?? []).map(({ name }) => name);
    },
    channel: async (name) => {
      const { height, status, consensusRelation } = channelInfo.parse(
        JSON.parse(await call('GET', undefined, name)),
      );
      return { height, status, consensusRelation };
    },
    join: async (genesisBlock) => {
      await call('POST', multipart('config-block', genesisBlock));
    },
  };
}

/** RFC 7578, one file. */
function multipart(field: string, content: Buffer): { type: string; bytes: Buffer } {
  const boundary = 'consent-ledger-config-block-7f2c1e';
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="config.block"\r\n\r\n`;
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    bytes: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--\r\n`)]),
  };
}
