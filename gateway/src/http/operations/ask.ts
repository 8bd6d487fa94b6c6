import { randomUUID } from 'node:crypto';
import { EVENT_HEADERS, type AccessOutcome } from '@consent-ledger/chaincode/wire/http';
import type { Response } from 'express';
import type { Opened, OpenedByJournal, OpenedRecord } from '../../usecases/ask-for-records.js';
import { giveBack } from '../../release/segments.js';
import { Refusal } from '../../usecases/refusal.js';

type Sendable = Opened | OpenedByJournal;

/** One record that was asked for: its bytes, with headers that say which event let them out. */
export async function sendRecord(response: Response, opened: Sendable): Promise<void> {
  const [record] = opened.records;
  if (record === undefined) throw refusedBy(opened);
  const obligations = obligationsOf(opened, record.record);
  response.status(200).set({
    'Content-Type': record.mediaType,
    'Content-Length': `${record.bytes}`,
    'Cache-Control': 'no-store',
    'Content-Disposition': 'attachment',
    [EVENT_HEADERS.event]: opened.key,
    ...placeHeaders(opened),
    [EVENT_HEADERS.version]: `${record.version}`,
    [EVENT_HEADERS.obligations]: Buffer.from(JSON.stringify(obligations)).toString('base64url'),
    ...noticeOf(obligations),
    ...amendmentsOf(record),
  });
  await pump(record.content(), response, giveBack);
  response.end();
}

/** Several records: multipart/mixed (RFC 2046 section 5.1.3), first the outcome, then what is permitted. */
export async function sendRecords(response: Response, opened: Sendable, custodian: string): Promise<void> {
  if (opened.records.length === 0) throw refusedBy(opened);
  const boundary = randomUUID();
  response
    .status(200)
    .set({ 'Content-Type': `multipart/mixed; boundary=${boundary}`, 'Cache-Control': 'no-store' });
  const part = (headers: Record<string, string>): string =>
    `--${boundary}\r\n${Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('')}\r\n`;

  response.write(part({ 'Content-Type': 'application/json' }));
  response.write(`${JSON.stringify(outcomeOf(opened, custodian))}\r\n`);
  for (const record of opened.records) {
    response.write(
      part({
        'Content-Type': record.mediaType,
        'Content-ID': `<${record.record}>`,
        'Content-Length': `${record.bytes}`,
        ...noticeOf(obligationsOf(opened, record.record)),
        ...amendmentsOf(record),
      }),
    );
    await pump(record.content(), response, giveBack);
    response.write('\r\n');
  }
  response.end(`--${boundary}--\r\n`);
}

type Obligations = Opened['event']['records'][number]['obligations'];

function placeHeaders(opened: Sendable): Record<string, string> {
  if ('journal' in opened) return { [EVENT_HEADERS.journal]: opened.journal };
  return { [EVENT_HEADERS.transaction]: opened.transaction, [EVENT_HEADERS.block]: `${opened.block}` };
}

function obligationsOf({ event }: Sendable, record: string): Obligations {
  return event.records.find((one) => one.record === record)?.obligations ?? [];
}

/** The notice goes with the data, in words, wherever the record goes (42 CFR 2.32). It comes from another member: only what a header can hold. */
function noticeOf(obligations: Obligations): Record<string, string> {
  const owed = obligations.find((one) => one.code === 'prohibit-redisclosure');
  if (owed === undefined) return {};
  return { [EVENT_HEADERS.notice]: owed.notice.replaceAll(/[^ -~]+/g, ' ') };
}

/** That the subject wants the record amended and was denied it goes with the record (45 CFR 164.526(d)(5)). */
function amendmentsOf({ amendments }: OpenedRecord): Record<string, string> {
  if (amendments.length === 0) return {};
  const named = amendments.map(
    ({ amendment, isDisputed }) => `${amendment};${isDisputed ? 'disputed' : 'denied'}`,
  );
  return { [EVENT_HEADERS.amendments]: named.join(', ') };
}

function refusedBy(opened: Sendable): Refusal {
  // Nothing is on the ledger that could be named.
  if ('journal' in opened) return new Refusal('access-denied');
  const { key, transaction, block, withheld } = opened;
  const code = withheld.length > 0 ? 'record-withheld' : 'access-denied';
  return new Refusal(code, { event: { key, transaction, block } });
}

function outcomeOf(opened: Sendable, custodian: string): AccessOutcome {
  const { key, event } = opened;
  return {
    event: key,
    custodian,
    ...('journal' in opened
      ? { journal: opened.journal }
      : { transaction: opened.transaction, block: opened.block }),
    records: event.records.map(({ record, outcome, code, version, obligations }) => {
      const released = opened.records.find((one) => one.record === record);
      return {
        record,
        outcome,
        code,
        ...(version === undefined ? {} : { version }),
        ...(released === undefined ? {} : { mediaType: released.mediaType, bytes: released.bytes }),
        ...(released === undefined || released.amendments.length === 0
          ? {}
          : { amendments: [...released.amendments] }),
        obligations,
      };
    }),
  };
}

/**
 * Writes as fast as the caller reads. A caller that hung up ends it. `done` is told of each piece that was written. It listens once for all of
 * it: a listener for each wait would stay until the end, thousands for a large record.
 */
export async function pump(
  content: AsyncIterable<Uint8Array>,
  response: Response,
  done?: (piece: Uint8Array) => void,
): Promise<void> {
  let goOn: (() => void) | undefined;
  const wake = (): void => {
    goOn?.();
  };
  response.on('drain', wake).on('close', wake);
  try {
    for await (const chunk of content) {
      if (response.destroyed) return;
      if (response.write(chunk, () => done?.(chunk))) continue;
      await new Promise<void>((resolve) => {
        goOn = resolve;
      });
      goOn = undefined;
    }
  } finally {
    response.off('drain', wake).off('close', wake);
  }
}
