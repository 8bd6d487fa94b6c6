import {
  parseInstant,
  type CompiledPolicy,
  type CompiledProvision,
  type Criteria,
  type PolicyInForce,
  type Question,
} from '@consent-ledger/chaincode/domain';
import { without, type Case, type Change } from './case.js';

/** What the subject could have said otherwise. */
export function changesOfConsents(given: Case): readonly Change[] {
  return [
    ...given.consents.flatMap((held) => [
      ...standing(held, given),
      ...superseding(held, given),
      ...provisions(held),
      ...criteria(held, given.question),
    ]),
    ...further(given),
  ];
}

function ofConsent(
  { policy: { id } }: PolicyInForce,
  place: string,
  says: string,
  change: (held: PolicyInForce) => PolicyInForce,
): Change {
  return {
    about: 'consents',
    place: `consent ${id} ${place}`,
    says: `consent ${id} ${says}`,
    apply: (given) => ({
      ...given,
      consents: given.consents.map((one) => (one.policy.id === id ? change(one) : one)),
    }),
  };
}

function ofPolicy(
  held: PolicyInForce,
  place: string,
  says: string,
  change: (policy: CompiledPolicy) => CompiledPolicy,
): Change {
  return ofConsent(held, place, says, (before) => ({ ...before, policy: change(before.policy) }));
}

function standing(held: PolicyInForce, { question }: Case): Change[] {
  const { policy, evidence } = held;
  const at = parseInstant(question.at) ?? 0;
  return [
    policy.status === 'active'
      ? ofConsent(held, 'standing', 'were withdrawn', (before) => ({ ...before, withdrawnAt: at }))
      : ofPolicy(held, 'standing', 'were active', (before) => ({ ...before, status: 'active' })),
    ...(policy.period === undefined
      ? []
      : [ofPolicy(held, 'period', 'had no period', (before) => without(before, 'period'))]),
    ...(evidence === 'signed'
      ? []
      : [
          ofConsent(held, 'evidence', 'were signed by the subject', (before) => ({
            ...before,
            evidence: 'signed',
          })),
        ]),
  ];
}

function superseding(held: PolicyInForce, { consents }: Case): Change[] {
  const { policy } = held;
  return consents
    .filter((other) => other !== held && other.policy.subject === policy.subject)
    .map(({ policy: { id } }) =>
      policy.supersedes.includes(id)
        ? ofPolicy(held, `supersedes ${id}`, `did not supersede ${id}`, (before) => ({
            ...before,
            supersedes: before.supersedes.filter((one) => one !== id),
          }))
        : ofPolicy(held, `supersedes ${id}`, `superseded ${id}`, (before) => ({
            ...before,
            supersedes: [...before.supersedes, id],
          })),
    );
}

/** Each exception left out. */
function provisions(held: PolicyInForce): Change[] {
  return pathsOf(held.policy.exceptions).map((path) =>
    ofPolicy(held, path, `had no ${path}`, (before) => ({
      ...before,
      exceptions: mapProvisions(before.exceptions, (one) => (one.path === path ? undefined : one)),
    })),
  );
}

/** Each element of the base and of each exception left out, or wide enough for what is asked. */
function criteria(held: PolicyInForce, question: Question): Change[] {
  const { policy } = held;
  const base = changesOfCriteria(policy.coverage, question).map(({ element, says, change }) =>
    ofPolicy(held, `${policy.basePath} ${element}`, `${says} in ${policy.basePath}`, (before) => ({
      ...before,
      coverage: change(before.coverage),
    })),
  );
  const inside = flatten(policy.exceptions).flatMap(({ path, criteria: stated }) =>
    changesOfCriteria(stated, question).map(({ element, says, change }) =>
      ofPolicy(held, `${path} ${element}`, `${says} in ${path}`, (before) => ({
        ...before,
        exceptions: mapProvisions(before.exceptions, (one) =>
          one.path === path ? { ...one, criteria: change(one.criteria) } : one,
        ),
      })),
    ),
  );
  return [...base, ...inside];
}

interface CriteriaChange {
  readonly element: string;
  readonly says: string;
  readonly change: (criteria: Criteria) => Criteria;
}

function changesOfCriteria(stated: Criteria, { purpose, requester, actions }: Question): CriteriaChange[] {
  const changes: CriteriaChange[] = (Object.keys(stated) as (keyof Criteria)[]).map((element) => ({
    element,
    says: `stated no ${WORDS[element]}`,
    change: (before) => without(before, element),
  }));
  const { purposes, actor } = stated;
  if (purposes !== undefined) {
    changes.push(
      ...purpose
        .filter((asked) => !purposes.includes(asked))
        .map((asked) => ({
          element: 'purposes',
          says: `also named ${asked}`,
          change: (before: Criteria) => ({ ...before, purposes: [...(before.purposes ?? []), asked] }),
        })),
    );
  }
  const { recipients } = actor ?? {};
  if (recipients !== undefined && !recipients.organizations.includes(requester.member)) {
    changes.push({
      element: 'actor',
      says: `also named ${requester.member}`,
      change: (before) => ({
        ...before,
        actor: {
          ...before.actor,
          recipients: { ...recipients, organizations: [...recipients.organizations, requester.member] },
        },
      }),
    });
  }
  const asked = actions ?? ['access'];
  if (stated.actions?.some((action) => !asked.includes(action as (typeof asked)[number])) === true) {
    changes.push({
      element: 'actions',
      says: `also named ${asked.join(', ')}`,
      change: (before) => ({ ...before, actions: [...(before.actions ?? []), ...asked] }),
    });
  }
  return changes;
}

const WORDS: Readonly<Record<keyof Criteria, string>> = {
  actor: 'actor',
  actions: 'action',
  purposes: 'purpose',
  labels: 'security label',
  contents: 'class or type',
  codes: 'code',
  dataPeriod: 'data period',
  data: 'data',
};

/** One more consent, which says just the other thing to this. */
function further({ question, consents }: Case): Change[] {
  const subjects = question.subjects ?? [...new Set(consents.map(({ policy }) => policy.subject))];
  const [first] = subjects;
  if (first === undefined) return [];
  const who = question.requester.member;
  const what = question.purpose.join(', ');
  const add = (base: 'permit' | 'deny'): Change => ({
    about: 'consents',
    place: 'further consent',
    says:
      base === 'permit'
        ? `one more consent in force, signed, permitted ${what} by ${who}`
        : `one more consent in force denied ${what} by ${who}`,
    apply: (given) => ({
      ...given,
      consents: [...given.consents, ...subjects.map((subject) => furtherConsent(base, subject, question))],
    }),
  });
  return [add('permit'), add('deny')];
}

function furtherConsent(base: 'permit' | 'deny', subject: string, question: Question): PolicyInForce {
  return {
    evidence: 'signed',
    version: 1,
    policy: {
      policyVersion: 1,
      id: `further-${subject}`,
      status: 'active',
      subject,
      dialect: 'r4-pcf',
      scope: 'privacy',
      base,
      basePath: 'Consent.provision',
      coverage: {
        purposes: question.purpose,
        actor: { recipients: { organizations: [question.requester.member], others: [] } },
      },
      exceptions: [],
      supersedes: [],
    },
  };
}

function flatten(provisions_: readonly CompiledProvision[]): readonly CompiledProvision[] {
  return provisions_.flatMap((one) => [one, ...flatten(one.exceptions)]);
}

function pathsOf(provisions_: readonly CompiledProvision[]): readonly string[] {
  return flatten(provisions_).map(({ path }) => path);
}

function mapProvisions(
  provisions_: readonly CompiledProvision[],
  change: (provision: CompiledProvision) => CompiledProvision | undefined,
): readonly CompiledProvision[] {
  return provisions_.flatMap((one) => {
    const changed = change(one);
    return changed === undefined
      ? []
      : [{ ...changed, exceptions: mapProvisions(changed.exceptions, change) }];
  });
}
