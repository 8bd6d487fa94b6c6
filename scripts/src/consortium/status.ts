import { readFile } from 'node:fs/promises';
import { gatewayUrl, organisationLayout, type Organisation } from '@consent-ledger/network';
import { send } from '../https.js';
import { lockHolder } from '../supervisor/lock.js';
import { isRunning, memoryOf, type ProcessMemory } from '../supervisor/process-identity.js';
import { readState, type ProcessState } from '../supervisor/state-file.js';
import { systemCode, UserError } from '../user-error.js';
import type { Consortium } from './consortium.js';
import { ledgerHeight } from './ledger-height.js';
import { lockFile, stateFile } from './paths.js';
import { memberReference } from './summary.js';

const DEADLINE_MS = 5_000;

export interface ConsortiumStatus {
  readonly dataDir: string;
  /** Process id; absent when none runs. */
  readonly supervisor?: number;
  /** Every process is ready and every gateway says so. */
  readonly well: boolean;
  readonly processes: readonly ProcessStatus[];
  readonly members: readonly MemberStatus[];
}

export interface ProcessStatus extends Partial<ProcessMemory> {
  readonly name: string;
  readonly status: ProcessState['status'] | 'gone';
  readonly pid?: number;
  readonly uptimeMs?: number;
  readonly restarts: number;
}

export interface MemberStatus {
  readonly member: string;
  readonly gateway: string;
  readonly ready: boolean;
  /** Number of blocks that the member's gateway has followed on its own peer. */
  readonly height?: number;
}

/** What runs of a consortium and how it does. */
export async function consortiumStatus(consortium: Consortium): Promise<ConsortiumStatus> {
  const { dataDir, topology } = consortium;
  const supervisor = await lockHolder(lockFile(dataDir));
  const state = await readState(stateFile(dataDir));
  const processes = await Promise.all((state?.processes ?? []).map(processStatus));
  const running = processes.filter(({ status }) => status !== 'gone');
  if (!supervisor) return { dataDir, well: false, processes: running, members: [] };
  const members = await Promise.all(
    topology.organisations.map((organisation) => memberStatus(consortium, organisation)),
  );
  const well = processes.every(({ status }) => status === 'ready') && members.every(({ ready }) => ready);
  return { dataDir, supervisor: supervisor.pid, well, processes, members };
}

async function processStatus({
  name,
  status,
  identity,
  since,
  restarts,
}: ProcessState): Promise<ProcessStatus> {
  if (!identity || !(await isRunning(identity))) {
    return { name, restarts, status: status === 'restarting' ? status : 'gone' };
  }
  const memory = await memoryOf(identity.pid);
  return {
    name,
    status,
    pid: identity.pid,
    ...memory,
    uptimeMs: Date.now() - Date.parse(since),
    restarts,
  };
}

async function memberStatus(consortium: Consortium, organisation: Organisation): Promise<MemberStatus> {
  const gateway = gatewayUrl(organisation, consortium.plan);
  const about = { member: memberReference(organisation), gateway };
  if (!(await isGatewayReady(consortium, organisation))) return { ...about, ready: false };
  try {
    return { ...about, ready: true, height: await ledgerHeight(consortium, organisation) };
  } catch (error) {
    // No token or no answer: the height is unknown, and the processes' rows show what is down.
    if (error instanceof UserError || systemCode(error) !== undefined) return { ...about, ready: true };
    throw error;
  }
}

/** Whether a member's gateway answers `/readyz` with 200. */
export async function isGatewayReady(consortium: Consortium, organisation: Organisation): Promise<boolean> {
  try {
    const ca = await readFile(organisationLayout(consortium.dataDir, organisation.name).tlsCa.certificate);
    const url = `${gatewayUrl(organisation, consortium.plan)}/readyz`;
    return (await send({ method: 'GET', url, ca, deadlineMs: DEADLINE_MS })).status === 200;
  } catch {
    return false; // not listening yet, or not any more
  }
}
