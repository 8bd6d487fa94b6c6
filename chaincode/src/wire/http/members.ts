import { z } from 'zod';
import { memberReferenceSchema } from './shared.js';

const memberSchema = z.strictObject({
  member: memberReferenceSchema,
  mspId: z.string(),
  kind: z.enum(['hospital', 'sponsor', 'auditor', 'regulator']),
  displayName: z.string(),
  gateway: z.string(),
  status: z.enum(['active', 'suspended']),
  keys: z.array(z.strictObject({ kid: z.string(), use: z.enum(['sig', 'enc']), status: z.string() })),
});

export const memberList = z.strictObject({ members: z.array(memberSchema) }).meta({ id: 'MemberList' });

export const ledgerDocument = z
  .strictObject({
    ledger: z.string().describe('hex SHA-256 of the header of the genesis block'),
    channel: z.string(),
    chaincode: z.string(),
    member: memberReferenceSchema,
    state: z.enum(['connecting', 'following', 'failed', 'stopped']),
    height: z.int().describe('number of blocks that this gateway has followed'),
    epoch: z
      .strictObject({ number: z.int(), startedAt: z.string() })
      .optional()
      .describe('what is endorsed in one epoch can never be valid in the next'),
    pending: z.int().describe('private values that the own peer does not have yet'),
  })
  .meta({ id: 'Ledger' });

export const healthDocument = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' });

export const readinessDocument = z
  .strictObject({
    status: z.enum(['ready', 'not-ready']),
    checks: z.record(z.string(), z.enum(['ok', 'waiting', 'failed'])),
    alarms: z
      .array(z.enum(['epoch-stale', 'emergency-review-overdue', 'journal-overdue', 'journal-finding']))
      .describe('what needs somebody, and keeps no call from being served'),
  })
  .meta({ id: 'Readiness' });
