import {
  criteriaOf,
  formatInstant,
  parseInstant,
  type Action,
  type Criteria,
  type Interval,
  type CompiledProvision,
} from '@consent-ledger/chaincode/domain';
import { ofQuestion, type Case, type Change } from './case.js';
import { changesOfRecord } from './changes-of-record.js';

/** What is asked for often; beside what consents and context name. */
const PURPOSES = ['TREAT', 'ETREAT', 'HPAYMT', 'HOPERAT', 'PUBHLTH', 'HRESCH', 'BTG'];

/** What could be asked otherwise: by somebody else, for something else, at another time. */
export function changesOfQuestion(given: Case): readonly Change[] {
  const named = given.consents.flatMap(({ policy }) => criteriaOf(policy));
  return [
    ...purposes(given, named),
    ...actions(given, named),
    ...requester(given, named),
    ...emergency(given),
    ...legalBasis(given),
    ...changesOfRecord(given, named),
    ...times(given),
  ];
}

function purposes({ question, context }: Case, named: readonly Criteria[]): Change[] {
  const asked = [...new Set(question.purpose)];
  const others = notIn(
    [
      ...named.flatMap((criteria) => criteria.purposes ?? []),
      ...(context.legalBases ?? []).flatMap((basis) => basis.purposes),
      ...(context.agreements ?? []).flatMap((agreement) => agreement.purposes),
      ...PURPOSES,
    ],
    asked.length === 1 ? asked : [],
  );
  const fewer = asked.length < 2 ? [] : asked;
  return [
    ...fewer.map((purpose) =>
      ofQuestion('purpose', `it were not asked for ${purpose}`, (before) => ({
        ...before,
        purpose: before.purpose.filter((one) => one !== purpose),
      })),
    ),
    ...others.map((purpose) =>
      ofQuestion('purpose', `it were asked for ${purpose}`, (before) => ({ ...before, purpose: [purpose] })),
    ),
  ];
}

function actions({ question }: Case, named: readonly Criteria[]): Change[] {
  const asked: readonly Action[] = [...new Set(question.actions ?? (['access'] as const))];
  const fewer = asked.length < 2 ? [] : asked;
  const others = notIn(
    named.flatMap((criteria) => criteria.actions ?? []),
    asked,
  );
  return [
    ...fewer.map((action) =>
      ofQuestion('action', `it were not to ${action}`, (before) => ({
        ...before,
        actions: asked.filter((one) => one !== action),
      })),
    ),
    ...others.map((action) =>
      ofQuestion('action', `it were to ${action}`, (before) => ({ ...before, actions: [action as Action] })),
    ),
  ];
}

function requester({ question, context }: Case, named: readonly Criteria[]): Change[] {
  const recipients = named.flatMap(({ actor }) =>
    actor?.recipients === undefined ? [] : [actor.recipients],
  );
  const { member, references, roles = [] } = question.requester;
  const members = notIn(
    [
      ...recipients.flatMap(({ organizations }) => organizations),
      ...(context.members ?? []).map(({ reference }) => reference),
      ...(question.custodian === undefined ? [] : [question.custodian]),
    ],
    [member],
  );
  const people = notIn(
    recipients.flatMap(({ others }) => others),
    [member, ...(references ?? [])],
  );
  const set = (place: string, says: string, change: object): Change =>
    ofQuestion(place, says, (before) => ({ ...before, requester: { ...before.requester, ...change } }));
  return [
    ...members.map((one) => set('member', `${one} asked`, { member: one })),
    ...people.map((one) =>
      set('references', `the requester were attested as ${one}`, {
        references: [...(references ?? []), one],
      }),
    ),
    ...(references ?? []).map((one) =>
      set('references', `the requester were not attested as ${one}`, {
        references: (references ?? []).filter((other) => other !== one),
      }),
    ),
    ...(references === undefined
      ? [
          set('references', 'the requester were known to belong to nothing that a consent names', {
            references: [],
          }),
        ]
      : []),
    ...notIn(context.emergencyRoles ?? [], roles).map((role) =>
      set('roles', `the requester had the role ${role}`, { roles: [...roles, role] }),
    ),
  ];
}

function emergency({ question }: Case): Change[] {
  if (question.emergency !== undefined) return [];
  return [
    ofQuestion('emergency', 'it stated an emergency', (before) => ({
      ...before,
      emergency: { reason: 'stated' },
    })),
  ];
}

function legalBasis({ question, context }: Case): Change[] {
  const ids = (context.legalBases ?? []).map(({ id }) => id);
  return notIn(ids, question.legalBasis === undefined ? [] : [question.legalBasis]).map((id) =>
    ofQuestion('legal basis', `it named the legal basis ${id}`, (before) => ({ ...before, legalBasis: id })),
  );
}

/** Just before and at each instant at which a period begins or ends. */
function times({ question, consents }: Case): Change[] {
  const at = parseInstant(question.at) ?? 0;
  const periods = consents.flatMap(({ policy }) => [policy.period, ...policy.exceptions.flatMap(periodsOf)]);
  const instants = new Set(
    periods.flatMap((period): number[] => [
      ...(period?.from === undefined ? [] : [period.from > at ? period.from : period.from - 1]),
      ...(period?.until === undefined ? [] : [period.until > at ? period.until : period.until - 1]),
    ]),
  );
  return [...instants]
    .filter((instant) => Number.isInteger(instant) && instant !== at)
    .map((instant) => {
      const text = formatInstant(instant);
      return ofQuestion('time', `it were asked at ${text}`, (before) => ({ ...before, at: text }));
    });
}

function periodsOf({ period, exceptions }: CompiledProvision): readonly (Interval | undefined)[] {
  return [period, ...exceptions.flatMap(periodsOf)];
}

function notIn(values: readonly string[], without: readonly string[]): readonly string[] {
  return [...new Set(values)].filter((value) => !without.includes(value));
}
