import { accessAnswer, accessRows, cursorOf, type AccessFilter } from './access-rows.js';
import {
  ACCESS_FILTERS,
  custodian,
  member,
  readCursor,
  record,
  since,
  subject,
  until,
  user,
} from './parameters.js';
import { pageOf, question, type Asking, type Page } from './question.js';
import { z } from '@consent-ledger/chaincode/wire';

const COLUMNS = [
  'at',
  'member',
  'user',
  'purposes',
  'record',
  'outcome',
  'reason',
  'consents',
  'delivered',
] as const;

export const accesses = question({
  name: 'accesses',
  summary:
    'Accesses, permitted and denied: who asked for what and why, what it rested on, and what was delivered.',
  parameters: z.strictObject(ACCESS_FILTERS),
  columns: COLUMNS,
  ask: (asking, filter) => askAccesses(asking, filter),
});

export const denials = question({
  name: 'denials',
  summary: 'Denials, each with the information-blocking exception that lets it stand (45 CFR part 171).',
  parameters: z.strictObject(ACCESS_FILTERS).omit({ outcome: true }),
  columns: ['at', 'custodian', 'member', 'user', 'purposes', 'record', 'reason', 'exception'],
  ask: (asking, filter) => askAccesses(asking, { ...filter, outcome: 'deny' }),
});

export const undelivered = question({
  name: 'undelivered',
  summary:
    'Permits for which no receipt says that the whole record came: what was released may be there all the same.',
  parameters: z.strictObject({ subject, record, member, custodian, user, since, until }),
  columns: ['at', 'custodian', 'member', 'user', 'record', 'delivered', 'complete'],
  ask: (asking, filter) => askAccesses(asking, { ...filter, isUndelivered: true }),
});

export async function askAccesses({ db, cursor, limit }: Asking, filter: AccessFilter): Promise<Page> {
  const found = await accessRows(db, filter, readCursor(cursor), limit + 1);
  return pageOf(found, limit, cursorOf, accessAnswer);
}
