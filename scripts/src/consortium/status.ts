import { readFile } from 'node:fs/promises';
import {
  gatewayUrl,
  organisationLayout,
  type NetworkStatus,
  type Organisation,
} from '@consent-ledger/network';
import { send } from '../https.js';
import { lockHolder } from '../supervisor/lock.js';
import { isRunning, memoryOf, runningFor, type ProcessMemory } from '../supervisor/process-identity.js';
import { readState, type ProcessState } from '../supervisor/state-file.js';
import { lastSigned, troubleOf, twoHistoriesOf, type TwoHistories } from '../checkpoints/signed-so-far.js';
import { systemCode, UserError } from '../user-error.js';
import type { Consortium } from './consortium.js';
import { ledgerHeight } from './ledger-height.js';
import { certificateStatus, ledgerStatus, warningsOf, type MemberCertificates } from './ledger-status.js';
import { lockFile, stateFile } from './paths.js';
import { memberReference } from './summary.js';

const DEADLINE_MS = 5_000;

export interface ConsortiumStatus {
  readonly dataDir: string;
  /** Whether a supervisor runs, or a gateway, peer or orderer answers that something else runs. */
  readonly running: boolean;
  /** Process id; absent when none runs. */
  readonly supervisor?: number;
  /** Every process is ready, every gateway, peer and orderer says so, and no certificate has expired. */
  readonly well: boolean;
  /** Of the supervisor, and of Fabric's processes which its `ledger` supervises. */
  readonly processes: readonly ProcessStatus[];
  readonly members: readonly MemberStatus[];
  /** Peers and orderers; on Fabric only, and only where one of them answers. */
  readonly network?: NetworkStatus;
  readonly certificates: readonly MemberCertificates[];
  /** What somebody should look after. */
  readonly warnings: readonly string[];
}

export interface ProcessStatus extends Partial<ProcessMemory> {
  readonly name: string;
  readonly status: ProcessState['status'] | 'running' | 'gone';
  readonly pid?: number;
  readonly uptimeMs?: number;
  /** Absent where nobody counts them. */
  readonly restarts?: number;
}

export interface MemberStatus {
  readonly member: string;
  readonly gateway: string;
  readonly ready: boolean;
  /** Number of blocks that the member's gateway has followed on its own peer. */
  readonly height?: number;
  /** Blocks that the highest peer has and it has not followed yet. */
  readonly lag?: number;
  /** Of the checkpoints that it signs by itself, where it has signed any or could not. */
  readonly checkpoint?: CheckpointStatus;
}

export interface CheckpointStatus {
  /** Number of the last block that it signed; absent where it has signed none. */
  readonly block?: number;
  /** Blocks that it has followed since. */
  readonly lag?: number;
  /** What went wrong the last time, where a supervisor that is there lets it sign. */
  readonly trouble?: string;
  /** What was found once, and nobody has removed. */
  readonly twoHistories?: TwoHistories;
}

/** What runs of a consortium and how it does. */
export async function consortiumStatus(consortium: Consortium): Promise<ConsortiumStatus> {
  const { dataDir, topology } = consortium;
  const supervisor = await lockHolder(lockFile(dataDir));
  const state = await readState(stateFile(dataDir));
  const processes = await Promise.all((state?.processes ?? []).map(processStatus));
  const running = processes.filter(({ status }) => status !== 'gone');
  const certificates = await certificateStatus(consortium);
  const [{ network, trouble }, members] = await Promise.all([
    ledgerStatus(consortium),
    Promise.all(
      topology.organisations.map((organisation) =>
        memberStatus(consortium, organisation, supervisor !== undefined),
      ),
    ),
  ]);
  const isAnswered = network !== undefined || members.some(({ ready }) => ready);
  // What a supervisor has left behind is no consortium that something else runs.
  if (!supervisor && (state !== undefined || !isAnswered)) {
    const warnings = warningsOf(undefined, certificates);
    return { dataDir, running: false, well: false, processes: running, members: [], certificates, warnings };
  }
  const fabric = await Promise.all(fabricProcesses(network));
  const warnings = [
    ...(trouble === undefined ? [] : [trouble]),
    ...warningsOf(network, certificates),
    ...members.flatMap(checkpointWarning),
  ];
  const isAnswering = network?.organisations.every(
    ({ peer, orderer }) =>
      peer.height !== undefined && (orderer === undefined || orderer.height !== undefined),
  );
  const well =
    trouble === undefined &&
    processes.every(({ status }) => status === 'ready') &&
    members.every(({ ready, checkpoint }) => ready && checkpoint?.twoHistories === undefined) &&
    (isAnswering ?? true) &&
    (network?.ordering.failing ?? 0) === 0 &&
    certificates.every((each) => each.certificates.every(({ days }) => days >= 0));
  return {
    dataDir,
    running: true,
    ...(supervisor && { supervisor: supervisor.pid }),
    well,
    processes: [...processes, ...fabric],
    members: members.map((member) => withLag(member, members, network)),
    ...(network && { network }),
    certificates,
    warnings,
  };
}

function checkpointWarning({ member, checkpoint }: MemberStatus): string[] {
  const { trouble, twoHistories } = checkpoint ?? {};
  return [
    ...(trouble === undefined ? [] : [`${member} could not sign a checkpoint: ${trouble}`]),
    ...(twoHistories === undefined
      ? []
      : [
          `${member} found two histories at ${twoHistories.at}: ${twoHistories.found} It is said until somebody who has settled it removes ${twoHistories.file}`,
        ]),
  ];
}

function withLag(
  member: MemberStatus,
  all: readonly MemberStatus[],
  network: NetworkStatus | undefined,
): MemberStatus {
  if (member.height === undefined) return member;
  const heights = [...all, ...(network?.organisations ?? []).map(({ peer }) => peer)];
  const highest = Math.max(...heights.map(({ height = 0 }) => height));
  return { ...member, lag: highest - member.height };
}

function fabricProcesses(network: NetworkStatus | undefined): Promise<ProcessStatus>[] {
  return (network?.organisations ?? []).flatMap(({ name, orderer, peer, chaincode }) =>
    Object.entries({ orderer, peer, chaincode }).flatMap(([kind, node]) =>
      node?.pid === undefined ? [] : [fabricProcess(`${kind}-${name}`, node.pid)],
    ),
  );
}

async function fabricProcess(name: string, pid: number): Promise<ProcessStatus> {
  const [memory, uptimeMs] = await Promise.all([memoryOf(pid), runningFor(pid)]);
  return {
    name,
    status: 'running',
    pid,
    ...memory,
    ...(uptimeMs === undefined ? {} : { uptimeMs }),
  };
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

async function memberStatus(
  consortium: Consortium,
  organisation: Organisation,
  isSupervised: boolean,
): Promise<MemberStatus> {
  const gateway = gatewayUrl(organisation, consortium.plan);
  const checkpoint = await checkpointStatus(consortium.dataDir, organisation.name, isSupervised);
  const about = {
    member: memberReference(organisation),
    gateway,
    ...(checkpoint !== undefined && { checkpoint }),
  };
  if (!(await isGatewayReady(consortium, organisation))) return { ...about, ready: false };
  try {
    const height = await ledgerHeight(consortium, organisation);
    if (checkpoint?.block === undefined) return { ...about, ready: true, height };
    const lag = Math.max(0, height - 1 - checkpoint.block);
    return { ...about, ready: true, height, checkpoint: { ...checkpoint, lag } };
  } catch (error) {
    // No token or no answer: the height is unknown, and the processes' rows show what is down.
    if (error instanceof UserError || systemCode(error) !== undefined) return { ...about, ready: true };
    throw error;
  }
}

async function checkpointStatus(
  dataDir: string,
  name: string,
  isSupervised: boolean,
): Promise<CheckpointStatus | undefined> {
  const [block, trouble, twoHistories] = await Promise.all([
    lastSigned(dataDir, name),
    isSupervised ? troubleOf(dataDir, name) : undefined,
    twoHistoriesOf(dataDir, name),
  ]);
  if (block === undefined && trouble === undefined && twoHistories === undefined) return undefined;
  return {
    ...(block !== undefined && { block }),
    ...(trouble !== undefined && { trouble }),
    ...(twoHistories !== undefined && { twoHistories }),
  };
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
