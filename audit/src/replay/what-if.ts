import type { CompiledPolicy } from '@consent-ledger/chaincode/domain';
import type { DecisionState, Policies } from '@consent-ledger/chaincode/wire';
import { MissingValue } from '../history/world.js';
import { decideAgain } from './check-event.js';
import type { ReplayedEvent } from './replay.js';
import { rulesOf } from './rules.js';

/** One access that would have come out otherwise. */
export interface ChangedAccess {
  readonly block: number;
  readonly transaction: string;
  readonly at: string;
  readonly requester: string;
  readonly record: string;
  readonly logged: { readonly outcome: string; readonly reason: string };
  readonly wouldBe: { readonly outcome: string; readonly reason: string };
}

/**
 * Which accesses a different consent would have changed: each event of its subject decided again as if that consent
 * had been on file, in the place of one of the same id if there was one.
 */
export async function withConsent(replayed: ReplayedEvent, policy: CompiledPolicy): Promise<ChangedAccess[]> {
  const { detail, request, custody, event, transaction, block } = replayed;
  // What was let out without the ledger rested on what the custodian knew then.
  if (event.journal !== undefined) return [];
  const rules = rulesOf(event.rules);
  if (detail === undefined || request === undefined || rules === undefined) return [];
  if (!detail.records.some(({ subjects }) => subjects.some((one) => `Patient/${one}` === policy.subject)))
    return [];
  try {
    const answers = await decideAgain(replayed, request, rules, stateWith(custody, policy));
    return answers.flatMap(({ outward, logged }, place) => {
      const before = event.records[place];
      const reason = detail.records[place]?.reason ?? '';
      if (before === undefined || (before.outcome === outward.outcome && reason === logged.reason)) return [];
      return [
        {
          block,
          transaction: transaction.id,
          at: event.at,
          requester: event.requester,
          record: outward.record,
          logged: { outcome: before.outcome, reason },
          wouldBe: { outcome: outward.outcome, reason: logged.reason },
        },
      ];
    });
  } catch (error) {
    if (error instanceof MissingValue) return [];
    throw error;
  }
}

function stateWith(
  { custody, values, withdrawals, studies, agreements, legalBases }: DecisionState,
  policy: CompiledPolicy,
): DecisionState {
  return {
    custody,
    withdrawals,
    studies,
    agreements,
    legalBases,
    values: {
      get: async (kind, ...id) => {
        const value = await values.get(kind, ...id);
        if (kind !== 'policies' || value === undefined || `Patient/${id[0]}` !== policy.subject) return value;
        const policies = value as Policies;
        const others = policies.consents.filter(({ consent }) => consent !== policy.id);
        const added = { consent: policy.id, version: 1, evidence: 'witnessed' as const, policy };
        return { ...policies, consents: [...others, added] } as typeof value;
      },
    },
  };
}
