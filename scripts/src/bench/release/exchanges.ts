import { pooled } from '../statistics.js';
import type { User } from './user.js';

/** Asks for records of a custodian, again and again, for about `seconds`. Throws where one is not released whole. */
export interface Asking {
  readonly user: User;
  /** `Organization/<name>`. */
  readonly custodian: string;
  /** What to ask for, one list a request; gone through over and over. */
  readonly lists: readonly (readonly string[])[];
  readonly bytesEach: number;
  readonly inFlight: number;
  readonly seconds: number;
}

/** Records released per second. */
export async function recordsPerSecond(asking: Asking): Promise<number> {
  const { user, custodian, lists, bytesEach, inFlight, seconds } = asking;
  const began = performance.now();
  let finished = began;
  let records = 0;
  let next = 0;
  await pooled([...Array(inFlight).keys()], inFlight, async () => {
    while (performance.now() - began < seconds * 1_000) {
      const list = lists[next % lists.length] ?? [];
      next += 1;
      await askFor(user, custodian, list, bytesEach);
      records += list.length;
      finished = performance.now();
    }
  });
  return records / ((finished - began) / 1_000);
}

async function askFor(
  user: User,
  custodian: string,
  records: readonly string[],
  bytesEach: number,
): Promise<void> {
  const { headers, body } = await user.send('POST', '/v1/access-requests', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ custodian, records, purpose: ['TREAT'] }),
    expected: 200,
  });
  if (records.length === 1) {
    if (body.length !== bytesEach) throw new Error(`a record of ${body.length} bytes`);
    return;
  }
  const boundary = /boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1] ?? '';
  const parts = body.toString('latin1').split(`--${boundary}\r\n`).length - 2;
  if (parts !== records.length || body.length < records.length * bytesEach)
    throw new Error(`${parts} of ${records.length} records were released`);
}
