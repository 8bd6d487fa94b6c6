import { setTimeout as sleep } from 'node:timers/promises';
import { runningFabricProcesses } from '@consent-ledger/network';
import { memberClient } from '../consortium/member-client.js';
import { consortiumStatus } from '../consortium/status.js';
import type { Consortium } from '../consortium/consortium.js';

const CUSTODIANS = ['riverside', 'lakeside'] as const;
const EVERY_MS = 100;
const BEFORE_MS = 3_000;
const AFTER_MS = 15_000;

/**
 * Milliseconds: the longest time between two writes that one gateway acknowledged, while both custodians' gateways get ten
 * a second and the leading orderer is killed. Throws when nothing is acknowledged afterwards.
 */
export async function gapWhenLeaderDies(consortium: Consortium): Promise<number> {
  const gaps = await Promise.all([
    ...CUSTODIANS.map((name) => longestGap(consortium, name)),
    killLeader(consortium),
  ]);
  return Math.max(...gaps);
}

async function killLeader(consortium: Consortium): Promise<number> {
  await sleep(BEFORE_MS);
  const leader = (await consortiumStatus(consortium)).network?.ordering.leader;
  const processes = await runningFabricProcesses(consortium.dataDir);
  const found = processes.find(({ name }) => name === `orderer-${leader ?? ''}`);
  if (found === undefined) throw new Error('nobody knows which orderer leads');
  found.signal('SIGKILL');
  return 0;
}

async function longestGap(consortium: Consortium, member: string): Promise<number> {
  const client = await memberClient(consortium, member, 'records-clerk');
  const until = performance.now() + BEFORE_MS + AFTER_MS;
  let longest = 0;
  let last = performance.now();
  const register = async (): Promise<void> => {
    const { status } = await client.send({
      method: 'POST',
      path: '/v1/subjects',
      headers: { 'content-type': 'application/json' },
      body: '{}',
      deadlineMs: 60_000,
    });
    // A refusal is no acknowledgment: the gap goes on.
    if (status !== 201) return;
    longest = Math.max(longest, performance.now() - last);
    last = performance.now();
  };
  const pending: Promise<void>[] = [];
  while (performance.now() < until) {
    pending.push(register());
    await sleep(EVERY_MS);
  }
  await Promise.all(pending);
  if (last < until - AFTER_MS / 2) throw new Error(`${member} acknowledges nothing since the leader died`);
  return longest;
}
