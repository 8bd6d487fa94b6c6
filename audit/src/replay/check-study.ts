import {
  consentsReader,
  custodyCollection,
  isAsTold,
  participation,
  participationOf,
  stopping,
  verifyStop,
  type Participation,
  type Stopping,
} from '@consent-ledger/chaincode/wire';
import type { DeliveredTransaction } from '../history/delivered-block.js';
import { MissingValue, type CustodyWorld, type StudyWorld, type World } from '../history/world.js';
import type { FindingRule } from './finding.js';

/** What is wrong with a value of a study collection. */
export interface StudyFault {
  readonly rule: FindingRule;
  readonly explanation: string;
}

/** Where a study's value was written. */
export interface StudyPlace {
  readonly world: World;
  readonly custody: CustodyWorld;
  readonly studies: StudyWorld;
  readonly transaction: DeliveredTransaction;
}

/**
 * Holds what a sponsor was told of a participation against what the site's custody held at that place of the history, and a
 * sponsor's word against its signature.
 */
export async function studyFault(
  place: StudyPlace,
  key: string,
  value: Buffer,
): Promise<StudyFault | undefined> {
  try {
    if (key.startsWith('participation/')) {
      const written = participation.safeParse(jsonOf(value)).data;
      return written === undefined ? MISSHAPEN : await participationFault(place, written);
    }
    if (!key.startsWith('stopping/')) return undefined;
    const written = stopping.safeParse(jsonOf(value)).data;
    return written === undefined ? MISSHAPEN : stoppingFault(place, written);
  } catch (error) {
    if (!(error instanceof MissingValue)) throw error;
    return { rule: 'not-re-decidable', explanation: `what it rested on is missing (${error.why})` };
  }
}

const MISSHAPEN: StudyFault = {
  rule: 'event-inconsistent',
  explanation: 'a study’s value is not of the shape of its kind',
};

async function participationFault(
  { world, custody, studies, transaction }: StudyPlace,
  written: Participation,
): Promise<StudyFault | undefined> {
  const { study, person } = written;
  const terms = studies.get('terms', study);
  const subject = subjectOf(world, custody, study, person);
  if (terms === undefined || subject === undefined)
    return { rule: 'participation-differs', explanation: 'there is no such participant, or no such study' };
  const derived = participationOf({
    study,
    enrolment: await custody.values.get('enrolment', study, subject),
    consents: await consentsReader(custody)(subject),
    withdrawals: await custody.withdrawals.get('withdrawal', subject),
    terms,
    at: transaction.at,
  });
  if (derived !== undefined && isAsTold(written, derived)) return undefined;
  const explanation = `the sponsor was told ${written.status}; the custody says ${derived?.status ?? 'nothing'}`;
  return { rule: 'participation-differs', explanation };
}

function stoppingFault({ world, studies }: StudyPlace, written: Stopping): StudyFault | undefined {
  const { study, person, statement, action, on } = written;
  const { site, sponsor: mspId } = studies.studies;
  const sponsor = world.member(mspId);
  const expected = { aud: site, ledger: world.ledger?.id ?? '', study, person };
  const claims = sponsor === undefined ? undefined : verifyStop(statement, { ...expected, sponsor });
  if (claims?.action === action && claims.on === on) return undefined;
  return { rule: 'stop-not-authentic', explanation: 'the sponsor did not sign that' };
}

/** By study: the subjects behind the pseudonyms, as far as they were looked for. */
const known = new WeakMap<World, Map<string, Map<string, string>>>();

function subjectOf(world: World, custody: CustodyWorld, study: string, person: string): string | undefined {
  const byStudy = known.get(world) ?? new Map<string, Map<string, string>>();
  known.set(world, byStudy);
  const { custodian } = custody.custody;
  const name = `${custodian} ${study}`;
  const found = byStudy.get(name)?.get(person);
  if (found !== undefined) return found;
  const persons = new Map<string, string>();
  for (const { subject } of world.privateValues(custodyCollection(custodian), 'subject'))
    persons.set(custody.person(study, subject), subject);
  byStudy.set(name, persons);
  return persons.get(person);
}

function jsonOf(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // No schema takes it.
  }
}
