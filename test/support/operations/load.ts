import { setTimeout as sleep } from 'node:timers/promises';
import { StatusCode, type Contract, type Transaction } from '@hyperledger/fabric-gateway';
import { channelClient, describeFailure } from '@consent-ledger/network/internal/fabric/channel-client';
import { adminOf } from '@consent-ledger/network/internal/operations/site';
import type { Site } from '@consent-ledger/network';
import { PROBE_FUNCTION } from '../ledger/probe-chaincode/operations.js';

/** Writes through one member's gateway, again and again, as a consortium does while it is operated on. */
export interface Load {
  /** Stops, and gives what came of it, once every acknowledged write has been read back. */
  stop(): Promise<LoadReport>;
}

export interface LoadReport {
  readonly committed: number;
  /** What the failed ones said. */
  readonly failures: readonly string[];
  /** The longest time between two commits. */
  readonly longestGapMs: number;
  /** Keys that were acknowledged and are not there. */
  readonly lost: readonly string[];
}

export async function startLoad(site: Site, through: string, pauseMs = 80): Promise<Load> {
  const client = channelClient(await adminOf(site, through), site.topology.channel);
  const contract = client.contract(site.readiness.chaincode);
  const committed: string[] = [];
  const failures: string[] = [];
  const pending = new Set<Promise<void>>();
  const stopping = new AbortController();
  let lastCommit = performance.now();
  let longestGapMs = 0;
  const write = async (key: string): Promise<void> => {
    try {
      await writeUntilKnown(contract, key);
      committed.push(key);
      longestGapMs = Math.max(longestGapMs, performance.now() - lastCommit);
      lastCommit = performance.now();
    } catch (error) {
      failures.push(describeFailure(error));
    }
  };
  const loop = (async () => {
    for (let count = 0; !stopping.signal.aborted; count++) {
      const one = write(`load-${through}-${count}`).finally(() => pending.delete(one));
      pending.add(one);
      await sleep(pauseMs);
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await loop;
      await Promise.all(pending);
      const lost: string[] = [];
      for (let at = 0; at < committed.length; at += 50) {
        const some = committed.slice(at, at + 50);
        const answer = await contract.evaluate(PROBE_FUNCTION, {
          arguments: [JSON.stringify(some.map((key) => ({ op: 'get', key })))],
        });
        const found = new Set(JSON.parse(Buffer.from(answer).toString()) as string[]);
        lost.push(...some.filter((key) => !found.has(key)));
      }
      client.close();
      return { committed: committed.length, failures, longestGapMs, lost };
    },
  };
}

/** In conflict with another, or endorsed by somebody who left the channel before it was ordered. */
const PROPOSE_AFRESH = new Set<number>([
  StatusCode.MVCC_READ_CONFLICT,
  StatusCode.ENDORSEMENT_POLICY_FAILURE,
]);

const PATIENCE_MS = 90_000;

/** As a gateway does: the same bytes again while the outcome is unknown, a new proposal only after a conflict. */
async function writeUntilKnown(contract: Contract, key: string): Promise<void> {
  const arguments_ = [JSON.stringify([{ op: 'put', key, value: key }])];
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const transaction = await endorsed(contract, arguments_, deadline);
    const code = await outcome(contract, transaction, key, deadline);
    if (code === StatusCode.VALID) return;
    if (!PROPOSE_AFRESH.has(code) || performance.now() > deadline) {
      throw new Error(`${key} got the validation code ${code}`);
    }
  }
}

/** Peers take up to a second to tell each other of a new definition; until then there is nobody to endorse it. */
async function endorsed(contract: Contract, arguments_: string[], deadline: number): Promise<Transaction> {
  for (;;) {
    try {
      return await contract.newProposal(PROBE_FUNCTION, { arguments: arguments_ }).endorse();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

async function outcome(
  contract: Contract,
  transaction: Transaction,
  key: string,
  deadline: number,
): Promise<number> {
  for (;;) {
    try {
      const commit = await transaction.submit();
      return (await commit.getStatus({ deadline: Date.now() + 3_000 })).code;
    } catch (error) {
      // The orderers have had it already, or nobody takes it: what is on the ledger tells.
      if (await isThere(contract, key).catch(() => false)) return StatusCode.VALID;
      if (performance.now() > deadline) throw error;
      await sleep(100);
    }
  }
}

async function isThere(contract: Contract, key: string): Promise<boolean> {
  const answer = await contract.evaluate(PROBE_FUNCTION, {
    arguments: [JSON.stringify([{ op: 'get', key }])],
  });
  return (JSON.parse(Buffer.from(answer).toString()) as string[])[0] === key;
}
