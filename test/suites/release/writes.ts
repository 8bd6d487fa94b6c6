import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { Answer } from '../../http/support/consortium.js';
import { FORM, treatmentConsent } from '../../http/support/people.js';
import { eventually } from '../../support/eventually.js';
import { tried, type Attack } from '../../support/fault/verdicts.js';
import { privateHistory, type HistoricWrite } from '../../support/history.js';
import type { Action, Fault } from '../../support/release-faults/plan.js';
import type { Trial } from './trial.js';

type Kind = 'subject' | 'record' | 'consent' | 'withdrawal';
type Step = readonly [Fault['port'], string];

const KINDS: readonly Kind[] = ['subject', 'record', 'consent', 'withdrawal'];
/** What every write passes, in order. */
const STEPS: readonly Step[] = [
  ['ledger', 'prepare'],
  ['outbox', 'keep'],
  ['ledger', 'submit'],
  ['ledger', 'follow-item'],
  ['outbox', 'settle'],
];
/** What a record passes besides. */
const KEEPING: readonly Step[] = [
  ['vault', 'create'],
  ['records', 'keep'],
  ['vault', 'keep'],
  ['vault', 'confirm'],
];
const AT_ONCE = 3;
const PATIENCE_MS = 60_000;
/** For a fault that meets what is done after the answer. */
const AFTERWARDS_MS = 500;

interface Write {
  readonly kind: Kind;
  /** Of what is written; a subject's is known when it is answered. */
  id: string;
  readonly send: () => Promise<Answer>;
}

export function writes(trial: Trial): void {
  const { dice } = trial;
  const made: Write[] = [];
  const consents: string[] = [];

  const boundary = (kind: Kind): Omit<Fault, 'nth' | 'action'> => {
    const steps = kind === 'record' ? [...STEPS, ...KEEPING] : STEPS;
    const [port, method] = steps[dice.next(steps.length)] ?? ['outbox', 'keep'];
    return { port, method, when: dice.next(2) === 0 ? 'before' : 'after' };
  };

  const writeOf = (kind: Kind): Write => {
    const { member } = trial.custodian();
    const held = trial.held()[dice.next(trial.held().length)];
    const subject = held?.subject ?? '';
    const withdrawn = consents.shift();
    const id = kind === 'withdrawal' ? (withdrawn ?? '') : randomUUID();
    const headers = { 'idempotency-key': randomUUID() };
    const call = async (
      method: 'POST' | 'PUT',
      path: string,
      role: string,
      body: object | Buffer,
      more = {},
    ): Promise<Answer> =>
      member.call(method, path, {
        token: await member.token('clerk', [role]),
        headers: { ...headers, ...more },
        body,
      });
    switch (kind) {
      case 'subject':
        return { kind, id: '', send: () => call('POST', '/v1/subjects', 'records-clerk', {}) };
      case 'record': {
        const facts = Buffer.from('{"labels":["N"]}').toString('base64url');
        const content = { 'content-type': 'text/plain', 'consent-ledger-descriptor': facts };
        const body = Buffer.from(`a finding ${id}`);
        const path = `/v1/records/${id}?subject=${subject}`;
        return { kind, id, send: () => call('PUT', path, 'records-clerk', body, content) };
      }
      case 'consent': {
        const resource = treatmentConsent({ id, subject, recipient: 'Organization/novacure' });
        const body = { resource, evidence: { kind: 'witnessed', form: FORM } };
        return { kind, id, send: () => call('POST', '/v1/consents', 'consent-clerk', body) };
      }
      case 'withdrawal':
        return {
          kind,
          id,
          send: () => call('POST', `/v1/consents/${id}/withdrawal`, 'consent-clerk', {}),
        };
    }
  };

  const nextKind = (): Kind => {
    const kind = KINDS[dice.next(KINDS.length)] ?? 'subject';
    return kind === 'withdrawal' && consents.length < AT_ONCE ? 'consent' : kind;
  };

  /** Under a fault, then again under the same keys until each is acknowledged. */
  const round = async (action: Action): Promise<void> => {
    const kind = nextKind();
    const some = Array.from({ length: AT_ONCE }, () => writeOf(kind));
    const fault: Fault = { ...boundary(kind), nth: 1 + dice.next(AT_ONCE), action };
    await trial.custodian().plan(fault);
    await Promise.all(some.map((one) => one.send().catch(() => undefined)));
    await trial.custodian().revive(action === 'kill' ? AFTERWARDS_MS : 0);
    for (const one of some) {
      const answer = await eventually(
        async () => {
          const again = await one.send();
          if (again.status >= 300)
            throw new Error(`${one.kind} at ${JSON.stringify(fault)}: ${again.bytes.toString()}`);
          return again;
        },
        { withinMs: PATIENCE_MS },
      );
      if (kind === 'subject') one.id = String(answer.json['subject']);
      if (kind === 'consent') consents.push(one.id);
      made.push(one);
    }
  };

  const ACTIONS = [
    ['kill', 'is killed', (rounds: number): number => Math.max(2, Math.ceil(rounds / 4))],
    ['fail', 'has no room or no line', (rounds: number): number => rounds],
  ] as const;

  describe('writes under idempotency keys, at a gateway that something happens to at a step', () => {
    for (const [action, what, roundsOf] of ACTIONS) {
      it(`are each there once, on every peer that may have them, where it ${what} (seed ${dice.seed})`, async () => {
        const sentinel = trial.consortium().member('sentinel');
        const before = subjectsIn(await privateHistory(sentinel)).size;
        made.splice(0);
        const rounds = roundsOf(trial.rounds);
        for (let count = 0; count < rounds; count += 1) await round(action);
        const kept: Attack = { promise: 1, what: `writes acknowledged by a gateway that ${what} at a step` };
        const once: Attack = { promise: 6, what: `writes asked again of a gateway that ${what} at a step` };
        for (const member of [trial.custodian().member, sentinel]) {
          const there = await eventually(
            async () => {
              const found = countsIn(await privateHistory(member));
              const lost = made.filter(({ kind, id }) => !found.has(`${kind} ${id}`));
              expect(lost.map(({ kind, id }) => `${kind} ${id}`)).to.deep.equal([]);
              return found;
            },
            { withinMs: PATIENCE_MS },
          ).catch((error: unknown) => {
            tried(kept, made.length, 1);
            throw error;
          });
          tried(kept, made.length);
          const twice = made.filter(({ kind, id }) => there.get(`${kind} ${id}`) !== 1);
          tried(once, made.length, twice.length);
          expect(
            twice.map(({ kind, id }) => `${kind} ${id}`),
            member.name,
          ).to.deep.equal([]);
        }
        // A subject's id is new each time: one that was made twice has another, which nobody was told of.
        const subjects = subjectsIn(await privateHistory(sentinel)).size - before;
        const wanted = made.filter(({ kind }) => kind === 'subject').length;
        tried(once, 0, Math.max(0, subjects - wanted));
        expect(subjects, 'subjects that were registered').to.equal(wanted);
      });
    }
  });
}

function subjectsIn(history: readonly HistoricWrite[]): Set<string> {
  return new Set(
    history.filter(({ key }) => key.startsWith('subject/')).map(({ value }) => String(value['subject'])),
  );
}

/** How many transactions wrote each, by its kind and id. */
function countsIn(history: readonly HistoricWrite[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const withdrawn = new Set<string>();
  for (const { key, value } of history) {
    const [kind = ''] = key.split('/', 1);
    const names =
      kind === 'withdrawal'
        ? (value['withdrawals'] as { consent: string }[])
            .map(({ consent }) => consent)
            .filter((consent) => !withdrawn.has(consent))
            .map((consent) => {
              withdrawn.add(consent);
              return `withdrawal ${consent}`;
            })
        : kind === 'descriptor'
          ? [`record ${String(value['record'])}`]
          : kind === 'subject' || kind === 'consent'
            ? [`${kind} ${String(value[kind])}`]
            : [];
    for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
