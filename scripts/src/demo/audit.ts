import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessEventDocument } from '@consent-ledger/chaincode/wire/http';
import type { MemberClient } from '../consortium/member-client.js';
import { table } from '../terminal/table.js';
import { accessEvents } from './calls.js';
import { must } from './narration.js';

/** One decision that the auditor must find in the log, and nothing else besides. */
export interface ExpectedDecision {
  /** `Organization/lakeside` */
  readonly requester: string;
  /** Record id. */
  readonly record: string;
  readonly outcome: 'permit' | 'deny';
  /** What was decided, by its code: more than the requester was told. */
  readonly reason: string;
}

const PATIENCE_MS = 15_000;

/** Reads the log until it holds as many events as expected: the auditor's own peer may be some blocks behind. */
export async function readLog(
  auditor: MemberClient,
  custodian: string,
  subjects: readonly string[],
  expected: readonly ExpectedDecision[],
): Promise<AccessEventDocument[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const lists = await Promise.all(subjects.map((subject) => accessEvents(auditor, custodian, subject)));
    const events = lists.flat().sort((one, other) => one.block - other.block || (one.at < other.at ? -1 : 1));
    if (events.length >= expected.length || Date.now() > deadline) {
      requireSame(events, expected);
      return events;
    }
    await sleep(100);
  }
}

function requireSame(events: readonly AccessEventDocument[], expected: readonly ExpectedDecision[]): void {
  const logged = events.flatMap(({ requester, records }) =>
    records.map(({ record, outcome, reason }) => [requester, record, outcome, reason].join(' ')),
  );
  const wanted = expected.map(({ requester, record, outcome, reason }) =>
    [requester, record, outcome, reason].join(' '),
  );
  must(
    JSON.stringify(logged) === JSON.stringify(wanted),
    `the log to hold ${wanted.join('; ')}`,
    `it holds ${logged.join('; ') || 'nothing'}`,
  );
}

/** The log as a table, with the transaction and block that each decision stands in. */
export function logLines(events: readonly AccessEventDocument[]): string[] {
  const rows = events.flatMap(({ block, transaction, at, requester, purpose, records }) =>
    records.map(({ record, outcome, reason, delivered }) => [
      String(block),
      `${transaction.slice(0, 12)}…`,
      at.slice(0, 19).replace('T', ' '),
      requester.replace('Organization/', ''),
      purpose.join(','),
      record,
      outcome,
      delivered ? `${reason}, delivered` : reason,
    ]),
  );
  return table([
    ['block', 'transaction', 'at (UTC)', 'requester', 'purpose', 'record', 'outcome', 'reason'],
    ...rows,
  ]);
}
