import { expect } from 'chai';
import { randomUUID } from 'node:crypto';
import { accessEvent } from '@consent-ledger/chaincode/wire';
import type { Answer } from './support/consortium.js';
import {
  ask,
  events,
  fileConsent,
  putRecord,
  registerSubject,
  treatmentConsent,
  withdraw,
} from './support/people.js';
import { claimsOf, framesOf, sendRequest, signedBy } from './support/requests.js';
import { PATIENCE_MS, sharedMembers, type Members } from './support/shared.js';
import { friedman, shuffled } from './support/told-apart.js';

/**
 * Two looks at the latencies, of so many rounds, each of which asks once about each kind of record in an order drawn at
 * random; the second only if the first has found something. Chance alone exceeds the first limit once in 20 times and the
 * second once in 50,000 (chi-squared with four degrees of freedom), so both once in a million, on however busy a machine.
 * What sets one kind apart by as much as single answers vary is found by both.
 */
const LOOKS = [
  { rounds: 14, limit: 9.5 },
  { rounds: 45, limit: 27.1 },
];

describe("an outsider's question is answered alike, whatever stands behind the answer", function () {
  this.timeout(PATIENCE_MS);
  let members: Members;
  let records: Readonly<Record<string, string>>;

  before(async () => {
    members = await sharedMembers();
    records = {
      unknown: randomUUID(),
      'no consent': await recordWith(() => Promise.resolve()),
      denied: await recordWith(async (subject) => {
        const consent = treatmentConsent({ subject });
        await file({ ...consent, policyRule: undefined, provision: { type: 'deny' } });
      }),
      withdrawn: await recordWith(async (subject) => {
        const consent = await file(treatmentConsent({ subject }));
        expect((await withdraw(members.riverside, consent)).status).to.equal(200);
      }),
      'not covered': await recordWith(async (subject) => {
        await file(treatmentConsent({ subject, recipient: members.novacure.reference }));
      }),
    };
  });

  async function recordWith(prepare: (subject: string) => Promise<void>): Promise<string> {
    const subject = await registerSubject(members.riverside);
    const { id } = await putRecord(members.riverside, { subject });
    await prepare(subject);
    return id;
  }

  async function file(consent: Record<string, unknown>): Promise<string> {
    const filed = await fileConsent(members.riverside, consent);
    expect(filed.status, filed.bytes.toString()).to.equal(201);
    return String(filed.json['consent']);
  }

  it('rests on five different reasons, as the log knows', async () => {
    const reasons: string[] = [];
    for (const record of Object.values(records)) {
      await ask(members.lakeside, members.riverside, [record]);
      const [event] = await events(members.sentinel, { record });
      reasons.push((event?.['records'] as { reason: string }[])[0]?.reason ?? '');
    }
    expect(reasons).to.deep.equal([
      'not-known',
      'no-consent',
      'denied-by-consent',
      'consent-withdrawn',
      'not-covered-by-consent',
    ]);
  });

  it('is the same to the byte but for ids and times, to users and to their gateway', async () => {
    const { lakeside, riverside } = members;
    const toUser = new Set<string>();
    const toGateway = new Set<string>();
    for (const record of Object.values(records)) {
      toUser.add(withoutIds(await ask(lakeside, riverside, [record]), record));
      const request = await signedBy(lakeside, claimsOf(lakeside, riverside, [record]));
      toGateway.add(await streamWithoutIds(await sendRequest(riverside, request), record));
    }
    expect([...toUser]).to.have.length(1);
    expect([...toGateway]).to.have.length(1);
    expect([...toUser][0]).to.contain('"code":"access-denied"');
    expect([...toGateway][0]).to.contain('"code":"not-permitted"');
  });

  it('takes as long', async () => {
    const told: string[] = [];
    for (const { rounds, limit } of LOOKS) {
      const latencies = await measured(rounds);
      const difference = friedman(latencies);
      if (difference <= limit) return;
      told.push(`${difference} > ${limit} with medians ${mediansOf(latencies)}`);
    }
    expect.fail(`the time that an answer takes tells what stands behind it: ${told.join('; ')}`);
  });

  /** Milliseconds that an answer took, round by round, in the order of the kinds. */
  async function measured(rounds: number): Promise<number[][]> {
    const kinds = Object.keys(records);
    const latencies: number[][] = [];
    for (let round = 0; round < rounds; round += 1) {
      const took = new Map<string, number>();
      for (const kind of shuffled(kinds)) {
        const began = performance.now();
        await ask(members.lakeside, members.riverside, [records[kind] ?? '']);
        took.set(kind, performance.now() - began);
      }
      latencies.push(kinds.map((kind) => took.get(kind) ?? 0));
    }
    return latencies;
  }

  function mediansOf(latencies: readonly (readonly number[])[]): string {
    const medians = Object.keys(records).map((kind, index) => {
      const sorted = latencies.map((round) => round[index] ?? 0).sort((a, b) => a - b);
      return `${kind} ${(sorted[Math.floor(sorted.length / 2)] ?? 0).toFixed(1)} ms`;
    });
    return medians.join(', ');
  }
});

function withoutIds({ status, headers, bytes }: Answer, record: string): string {
  const kept = Object.entries(headers).filter(([name]) => name !== 'date');
  return anonymous(`${status} ${JSON.stringify(kept)} ${bytes.toString('utf8')}`, record);
}

async function streamWithoutIds(answer: Answer, record: string): Promise<string> {
  const { control, ciphertext } = await framesOf(answer);
  const frames = control.map((frame) => {
    if (frame.frame !== 'settled') return frame;
    const value = Buffer.from(frame.event.value, 'base64url').toString('utf8');
    const { salt, jti, request, details, ...event } = accessEvent.parse(JSON.parse(value));
    expect([salt, jti, request, details].map(({ length }) => length)).to.deep.equal([22, 32, 43, 43]);
    return { ...frame, event: { ...frame.event, value: event } };
  });
  const kept = Object.entries(answer.headers).filter(([name]) => name !== 'date');
  const text = JSON.stringify({
    status: answer.status,
    kept,
    ciphertext,
    frames,
    bytes: answer.bytes.length,
  });
  return anonymous(text, record);
}

/** Ids of requests, transactions, events and the record, numbers of blocks, instants. */
function anonymous(text: string, record: string): string {
  return text
    .replaceAll(record, '<record>')
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uuid>')
    .replaceAll(/[0-9a-f]{64}/g, '<hash>')
    .replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g, '<instant>')
    .replaceAll(/"block":\d+/g, '"block":0');
}
