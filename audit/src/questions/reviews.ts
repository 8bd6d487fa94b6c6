import { z } from '@consent-ledger/chaincode/wire';
import { accessAnswer, accessRows, cursorOf } from './access-rows.js';
import { custodian, member, readCursor, since, until, user } from './parameters.js';
import { pageOf, question } from './question.js';

export const reviews = question({
  name: 'reviews',
  summary: 'Emergency accesses whose review is overdue.',
  parameters: z.strictObject({ custodian, member, user, since, until }),
  columns: ['reviewBy', 'at', 'custodian', 'member', 'user', 'record', 'emergency'],
  ask: async ({ db, now, limit, cursor }, filter) => {
    const found = await accessRows(db, { ...filter, reviewDueBefore: now }, readCursor(cursor), limit + 1);
    return pageOf(found, limit, cursorOf, accessAnswer);
  },
});
