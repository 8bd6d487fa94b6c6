import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestConsortium, TestMember } from '../../http/support/consortium.js';
import { memberLayout } from '@consent-ledger/network';
import type { Boundary, Cheat, Fault, Order, Report } from './plan.js';
import { nameOf } from './plan.js';

const SCRIPT = fileURLToPath(new URL('gateway-process.js', import.meta.url));
const READY_SECONDS = 60;

/** A member whose gateway can be made to fail at any step; its users call it as they call any other. */
export class FaultyMember {
  readonly member: TestMember;
  /** Events of which a key has come to this member, as it came in. */
  readonly keysOf = new Set<string>();
  /** Names of boundaries at which something was made to happen. */
  readonly hit = new Set<string>();
  readonly #file: string;
  #child: ChildProcess | undefined;
  #ended: Promise<unknown> = Promise.resolve();
  #planned: readonly Fault[] = [];
  #onReached: (() => void) | undefined;

  private constructor(member: TestMember, file: string) {
    this.member = member;
    this.#file = file;
  }

  /** Takes the place of the member's own process. */
  static async takeOver(consortium: TestConsortium, name: string): Promise<FaultyMember> {
    const member = consortium.member(name);
    await member.process.stop();
    const faulty = new FaultyMember(member, memberLayout(consortium.directory, name).configuration);
    await faulty.start();
    return faulty;
  }

  async start(): Promise<void> {
    const child = fork(SCRIPT, [this.#file], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.#child = child;
    this.#ended = once(child, 'exit').then((ended) => ended.join(' '));
    const said: string[] = [];
    child.on('message', (report: Report) => {
      if (report.report === 'keys') this.keysOf.add(report.event);
      if (report.report === 'reached') {
        this.hit.add(nameOf(report.boundary));
        this.#onReached?.();
      }
    });
    child.stderr?.on('data', (text: Buffer) => {
      said.push(text.toString());
      said.splice(0, said.length - 50);
    });
    const ready = new Promise<'ready'>((resolve) => {
      child.stdout?.on('data', (text: Buffer) => {
        if (text.includes('"ready"')) resolve('ready');
      });
    });
    const first = await Promise.race([ready, this.#ended, patience(READY_SECONDS)]);
    if (first !== 'ready') {
      const how = first === 'late' ? `in ${READY_SECONDS} s` : `and ended with ${String(first)}`;
      child.kill('SIGKILL');
      // What it said may come after it has ended.
      await once(child, 'close');
      throw new Error(`the gateway of ${this.member.name} did not get ready ${how}: ${said.join('')}`);
    }
  }

  /** Faults from now on; none ends those that were planned. */
  async plan(...faults: readonly Fault[]): Promise<void> {
    this.#planned = faults;
    await this.#order({ order: 'faults', faults });
  }

  /** Resolves when nothing is left of what was asked before, deliveries included. */
  idle(): Promise<void> {
    return this.#order({ order: 'idle' });
  }

  goOn(): Promise<void> {
    return this.#order({ order: 'go-on' });
  }

  cheat(cheat: Cheat | undefined): Promise<void> {
    return this.#order({ order: 'cheat', cheat });
  }

  clock(offsetMs: number): Promise<void> {
    return this.#order({ order: 'clock', offsetMs });
  }

  lag(milliseconds: number): Promise<void> {
    return this.#order({ order: 'lag', milliseconds });
  }

  withhold(isWithholding: boolean): Promise<void> {
    return this.#order({ order: 'withhold', isWithholding });
  }

  repeat(isRepeating: boolean): Promise<void> {
    return this.#order({ order: 'repeat', isRepeating });
  }

  /** Resolves when a fault that does not end the process has happened; false after so many milliseconds. */
  async reached(milliseconds: number): Promise<boolean> {
    const there = new Promise<true>((resolve) => {
      this.#onReached = () => {
        resolve(true);
      };
    });
    return Promise.race([there, sleep(milliseconds, false as const, { ref: false })]);
  }

  get isRunning(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** Starts it again where a fault ends it within so many milliseconds; says whether one did. No fault is planned any more. */
  async revive(withinMs: number): Promise<boolean> {
    if (this.isRunning) await Promise.race([this.#ended, sleep(withinMs, undefined, { ref: false })]);
    if (this.isRunning) await this.plan();
    if (this.isRunning) return false;
    for (const fault of this.#planned.filter(({ action }) => action === 'kill')) this.hit.add(nameOf(fault));
    this.#planned = [];
    await this.start();
    return true;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    child.kill('SIGTERM');
    await this.#ended;
  }

  async #order(order: Order): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) throw new Error('it does not run');
    const taken = new Promise<void>((resolve) => {
      const listen = (report: Report): void => {
        if (report.report !== 'taken') return;
        child.off('message', listen);
        resolve();
      };
      child.on('message', listen);
    });
    child.send(order);
    await Promise.race([taken, this.#ended]);
  }
}

/** Counted second by second, so that a machine that stood still meanwhile takes no patience away. */
async function patience(seconds: number): Promise<'late'> {
  for (let second = 0; second < seconds; second += 1) await sleep(1_000, undefined, { ref: false });
  return 'late';
}

export type { Boundary };
