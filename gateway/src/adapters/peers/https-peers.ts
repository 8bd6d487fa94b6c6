import { readFileSync } from 'node:fs';
import { Agent, request, type Dispatcher } from 'undici';
import { isErrorCode } from '@consent-ledger/chaincode/wire';
import {
  journalKeys,
  listingAnswer,
  matchAnswer,
  problemSchema,
  RELEASE_MEDIA_TYPE,
} from '@consent-ledger/chaincode/wire/http';
import type { Member } from '../../config/schema.js';
import type { Peers } from '../../ports/peers.js';
import { decodeFrames, type ReleaseFrame } from '../../release/frames.js';
import { Refusal } from '../../usecases/refusal.js';

export interface HttpsPeersOptions {
  readonly members: readonly Member[];
  /** For the first byte of an answer, and between two, milliseconds. */
  readonly idleMs: number;
}

const CONNECT_MS = 5_000;
const RECEIPT_MS = 30_000;
const MAX_PROBLEM = 64 * 1024;
/** Fifty records with as many codes as a descriptor may hold. */
const MAX_LISTING = 8 * 1024 * 1024;
const MAX_MATCH = 1024 * 1024;

/** Other gateways over HTTPS. Each member's certificate is verified with that member's CA and no other. */
export function createHttpsPeers(options: HttpsPeersOptions): Peers & { close(): Promise<void> } {
  const agents = new Map<string, Agent>();
  const memberOf = (mspId: string): Member => {
    const member = options.members.find((one) => one.mspId === mspId);
    if (member === undefined) throw new Refusal('custodian-unknown');
    return member;
  };
  const agentOf = ({ mspId, tlsCa }: Member): Agent => {
    const agent =
      agents.get(mspId) ??
      new Agent({
        connect: { ca: readFileSync(tlsCa), timeout: CONNECT_MS },
        headersTimeout: options.idleMs,
        bodyTimeout: options.idleMs,
        connections: 64,
        pipelining: 1,
      });
    agents.set(mspId, agent);
    return agent;
  };
  const post = async (custodian: string, path: string, body: object, signal: AbortSignal) => {
    const member = memberOf(custodian);
    try {
      return await request(new URL(path, member.gateway), {
        method: 'POST',
        dispatcher: agentOf(member),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal,
      });
    } catch (error) {
      throw new Refusal('custodian-unavailable', { cause: error });
    }
  };

  async function* framesOf(
    custodian: string,
    path: string,
    body: object,
    signal: AbortSignal,
  ): AsyncGenerator<ReleaseFrame> {
    const response = await post(custodian, path, body, signal);
    if (response.statusCode !== 200 || mediaTypeOf(response) !== RELEASE_MEDIA_TYPE)
      throw await refusalOf(response);
    try {
      yield* decodeFrames(response.body);
    } catch (error) {
      // What is broken off in the middle is as if it had not been answered.
      throw error instanceof Refusal ? error : new Refusal('custodian-unavailable', { cause: error });
    }
  }

  return {
    requestRelease: (custodian, jws, signal) => framesOf(custodian, '/v1/releases', { request: jws }, signal),
    requestCohort: (custodian, requests, signal) =>
      framesOf(custodian, '/v1/cohort-releases', { requests }, signal),
    requestByJournal: (custodian, jws, signal) =>
      framesOf(custodian, '/v1/emergency-releases', { request: jws }, signal),
    async sendJournalEntry(custodian, jti, entry, signal) {
      const path = `/v1/emergency-releases/${encodeURIComponent(jti)}/entry`;
      const response = await post(custodian, path, { entry }, signal);
      if (response.statusCode !== 200) throw await refusalOf(response);
      try {
        return journalKeys.parse(JSON.parse(await textOf(response.body, MAX_LISTING)));
      } catch (error) {
        throw new Refusal('custodian-unavailable', { cause: error });
      }
    },
    async requestListing(custodian, jws, signal) {
      const response = await post(custodian, '/v1/listings', { request: jws }, signal);
      if (response.statusCode !== 200) throw await refusalOf(response);
      try {
        return listingAnswer.parse(JSON.parse(await textOf(response.body, MAX_LISTING)));
      } catch (error) {
        throw new Refusal('custodian-unavailable', { cause: error });
      }
    },
    async requestMatch(custodian, body, signal) {
      const response = await post(custodian, '/v1/matches', body, signal);
      if (response.statusCode !== 200) throw await refusalOf(response);
      try {
        return matchAnswer.parse(JSON.parse(await textOf(response.body, MAX_MATCH)));
      } catch (error) {
        throw new Refusal('custodian-unavailable', { cause: error });
      }
    },
    async sendReceipt(custodian, jti, receipt) {
      const path = `/v1/releases/${encodeURIComponent(jti)}/receipt`;
      const response = await post(custodian, path, { receipt }, AbortSignal.timeout(RECEIPT_MS));
      if (response.statusCode !== 201) throw await refusalOf(response);
      await response.body.dump();
    },
    async sendSlip(member, slip) {
      const response = await post(member, '/v1/slips', { slip }, AbortSignal.timeout(RECEIPT_MS));
      if (response.statusCode !== 200) throw await refusalOf(response);
      await response.body.dump();
    },
    async close() {
      await Promise.all([...agents.values()].map((agent) => agent.destroy()));
    },
  };
}

function mediaTypeOf({ headers }: Dispatcher.ResponseData): string {
  const type = headers['content-type'];
  return (typeof type === 'string' ? type : '').split(';', 1)[0]?.trim() ?? '';
}

/** The custodian's own refusal of the request object; anything else is that it did not answer as it should. */
async function refusalOf(response: Dispatcher.ResponseData): Promise<Refusal> {
  try {
    const problem = problemSchema.parse(JSON.parse(await textOf(response.body, MAX_PROBLEM)));
    const passed = response.statusCode < 500 && isErrorCode(problem.code) && PASSED_ON.test(problem.code);
    if (passed && isErrorCode(problem.code)) return new Refusal(problem.code);
    return new Refusal('custodian-unavailable');
  } catch (error) {
    return new Refusal('custodian-unavailable', { cause: error });
  }
}

/** Codes about the request object, which the requester's own staff can do something about. */
const PASSED_ON =
  /^(request-|requester-|signing-key-|receipt-|slip-|match-|journal-|ledger-within-reach$|access-denied$|too-many-requests$)/;

async function textOf(body: AsyncIterable<Buffer>, most: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > most) throw new Error('an answer that is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
