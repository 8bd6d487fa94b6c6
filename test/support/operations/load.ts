import { setTimeout as sleep } from 'node:timers/promises';
import { channelClient } from '@consent-ledger/network/internal/fabric/channel-client';
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
      await contract.submit(PROBE_FUNCTION, {
        arguments: [JSON.stringify([{ op: 'put', key, value: key }])],
      });
      committed.push(key);
      longestGapMs = Math.max(longestGapMs, performance.now() - lastCommit);
      lastCommit = performance.now();
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
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
      for (const key of committed) {
        const answer = await contract.evaluate(PROBE_FUNCTION, {
          arguments: [JSON.stringify([{ op: 'get', key }])],
        });
        if (!Buffer.from(answer).toString().includes(key)) lost.push(key);
      }
      client.close();
      return { committed: committed.length, failures, longestGapMs, lost };
    },
  };
}
