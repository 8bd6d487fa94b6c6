import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'chai';
import type { TestMember } from '../../http/support/consortium.js';
import { privateHistory, type HistoricWrite } from '../history.js';
import type { LoadReport } from './load.js';

/**
 * Holds the ledger to what its gateways said: all that was acknowledged is there, on the custodian's own peer and on
 * oversight's; nothing, acknowledged or not, is there twice; every release has its event.
 */
export async function expectKept(
  { acknowledged, released }: Pick<LoadReport, 'acknowledged' | 'released'>,
  oversight: TestMember,
  everybody: readonly TestMember[],
): Promise<void> {
  await level(everybody);
  const seen = await privateHistory(oversight);
  const times = count(seen, 'subject/', ({ value }) => String(value['subject']));
  expect(
    [...times].filter(([, often]) => often !== 1),
    'written twice',
  ).to.deep.equal([]);
  const lost = acknowledged.filter(({ subject }) => !times.has(subject));
  expect(lost, `of ${acknowledged.length} acknowledged, lost`).to.deep.equal([]);

  const events = count(seen, 'event/', ({ key }) => key);
  expect(
    [...events].filter(([, often]) => often !== 1),
    'events written twice',
  ).to.deep.equal([]);
  expect(
    released.filter((event) => !events.has(event)),
    'released without an event',
  ).to.deep.equal([]);

  for (const custodian of new Set(acknowledged.map(({ member }) => member))) {
    const own = count(await privateHistory(custodian), 'subject/', ({ value }) => String(value['subject']));
    const missing = acknowledged.filter(({ member, subject }) => member === custodian && !own.has(subject));
    expect(missing, `lost at ${custodian.name}`).to.deep.equal([]);
  }
}

function count(
  history: readonly HistoricWrite[],
  kind: string,
  nameOf: (write: HistoricWrite) => string,
): ReadonlyMap<string, number> {
  const times = new Map<string, number>();
  for (const write of history.filter(({ key }) => key.startsWith(kind))) {
    const name = nameOf(write);
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  return times;
}

/** Waits until every gateway has followed its own peer to one height, with all its private data. */
async function level(members: readonly TestMember[]): Promise<void> {
  const deadline = performance.now() + 90_000;
  for (;;) {
    const states = await Promise.all(members.map(stateOf));
    if (states.every((state) => state === states[0] && state.endsWith(' 0'))) return;
    if (performance.now() > deadline) throw new Error(`the members stay apart: ${states.join(', ')}`);
    await sleep(200);
  }
}

/** Height and number of private values that are still to come. */
async function stateOf(member: TestMember): Promise<string> {
  const token = await member.token('auditor', ['auditor']);
  const answer = await member.call('GET', '/v1/ledger', { token }).catch(() => undefined);
  return answer === undefined ? 'away' : `${String(answer.json['height'])} ${String(answer.json['pending'])}`;
}
