import { mkdirSync } from 'node:fs';
import { dataLayout, openSite, portPlan, type Site, type Topology } from '@consent-ledger/network';
import { existingConsortium, type Consortium } from '../consortium/consortium.js';
import { lockFile, operationLock } from '../consortium/paths.js';
import { prepareFolder } from '../consortium/prepare.js';
import { CHAINCODE_SCRIPT } from '../consortium/processes.js';
import { writeRecord } from '../consortium/record.js';
import { lockHolder, takeLock } from '../supervisor/lock.js';
import { badInput, EXIT, UserError } from '../user-error.js';
import { stopRequests } from '../verbs/signals.js';
import { isUnreachable } from './errors.js';
import { supervisedProcesses, type SupervisedProcesses } from './processes.js';

/** A consortium that is to be operated on. */
export interface Operations {
  readonly consortium: Consortium;
  readonly site: Site;
  readonly supervised: SupervisedProcesses;
  /** Aborts when the person at the keyboard has had enough. */
  readonly signal: AbortSignal;
  /** Writes down what the consortium is from now on. */
  readonly saveTopology: (topology: Topology) => Promise<void>;
}

export interface OperateOptions {
  readonly dataDir: string;
  /** Where a change of the channel's configuration is written to instead of being signed here. */
  readonly propose?: string | undefined;
  /** Why the embedded ledger cannot do it; absent: it can. */
  readonly notOnEmbedded?: string;
  /** It is of use also in a folder with the keys of some, while the consortium runs from another. */
  readonly fromElsewhere?: true;
}

/**
 * Does one operation on a consortium, alone: a second one waits for nothing and is refused.
 *
 * @throws UserError when there is no consortium, when it runs on the embedded ledger and must not, or when another
 * operation is under way
 */
export async function operate(
  { dataDir, propose, notOnEmbedded, fromElsewhere }: OperateOptions,
  work: (operations: Operations) => Promise<number>,
): Promise<number> {
  const consortium = await existingConsortium(dataDir);
  if (consortium.ledger === 'embedded') {
    if (notOnEmbedded !== undefined) {
      throw badInput(
        `The consortium in ${consortium.dataDir} runs on the embedded ledger: ${notOnEmbedded}. ` +
          'Bring one up with `consent-ledger up --ledger fabric`.',
      );
    }
    const isRunning = (await lockHolder(lockFile(consortium.dataDir))) !== undefined;
    if (!isRunning && fromElsewhere === undefined) throw notRunning(consortium.dataDir);
  }
  mkdirSync(dataLayout(consortium.dataDir).run, { recursive: true, mode: 0o700 });
  const lock = await takeLock(operationLock(consortium.dataDir));
  if ('holder' in lock) {
    throw new UserError(
      `Process ${lock.holder.pid} is operating on ${consortium.dataDir}: wait for its end, then give the command again.`,
    );
  }
  const { signal, release } = stopRequests();
  try {
    return await work(operationsOn(consortium, signal, propose));
  } catch (error) {
    if (!isUnreachable(error) || (await lockHolder(lockFile(consortium.dataDir))) !== undefined) throw error;
    throw notRunning(consortium.dataDir, { cause: error });
  } finally {
    release();
    lock.release();
  }
}

function notRunning(dataDir: string, options?: ErrorOptions): UserError {
  return new UserError(
    `The consortium in ${dataDir} is not running: bring it up with \`consent-ledger up --detach\`.`,
    EXIT.notRunning,
    options,
  );
}

function operationsOn(consortium: Consortium, signal: AbortSignal, proposeTo?: string): Operations {
  const { ledger, topology, plan, dataDir } = consortium;
  const supervised = supervisedProcesses(dataDir);
  return {
    consortium,
    signal,
    supervised,
    site: openSite({
      topology,
      plan,
      dataDir,
      chaincodeScript: CHAINCODE_SCRIPT,
      proposeTo,
      embedded: ledger === 'embedded' ? supervised.embedded : undefined,
      signal,
    }),
    // The record last: an operation that is interrupted before it goes on as one that has not got there.
    saveTopology: async (next) => {
      await prepareFolder({ ...consortium, topology: next, plan: portPlan(next, plan.portBase) });
      await writeRecord(dataDir, { ledger, topology: next, portBase: plan.portBase });
    },
  };
}

/** The member of that name. @throws UserError that lists who there is */
export function memberNamed({ topology }: Pick<Consortium, 'topology'>, name: string): string {
  const names = topology.organisations.map((organisation) => organisation.name);
  if (names.includes(name)) return name;
  throw badInput(`There is no member ${name}: there are ${names.join(', ')}.`);
}
