import type { ActorCriteria, CompiledPolicy, CompiledProvision, Criteria, Recipients } from './policy.js';

/** For whom a policy is cut down, and by which name they know the person. */
export interface PolicyReader {
  /** `Organization/<name>` of the one member that is to read it. */
  readonly organization: string;
  /** What stands in it wherever the subject's reference stood. */
  readonly subject: string;
  /** Ids of consents that the member knows of already. */
  readonly known: readonly string[];
}

/**
 * What of a policy concerns one member: recipients' organisations less all others, without the exceptions that can apply to none
 * of its requests, and of superseded consents only those that it knows. To every request of that member it says what the whole says.
 */
export function policyFor(policy: CompiledPolicy, reader: PolicyReader): CompiledPolicy {
  const { policyVersion, id, status, dialect, scope, base, basePath, period } = policy;
  const rename = (references: readonly string[]): readonly string[] =>
    references.map((reference) => (reference === policy.subject ? reader.subject : reference));
  const context: Context = { organization: reader.organization, rename };
  return {
    policyVersion,
    id,
    status,
    subject: reader.subject,
    dialect,
    scope,
    base,
    basePath,
    ...(period === undefined ? {} : { period }),
    coverage: criteriaFor(policy.coverage, context),
    exceptions: exceptionsFor(policy.exceptions, context),
    ...(policy.study === undefined ? {} : { study: policy.study }),
    supersedes: policy.supersedes.filter((id) => reader.known.includes(id)),
  };
}

interface Context {
  readonly organization: string;
  readonly rename: (references: readonly string[]) => readonly string[];
}

function exceptionsFor(exceptions: readonly CompiledProvision[], context: Context): CompiledProvision[] {
  return exceptions.flatMap((exception) => {
    const criteria = criteriaFor(exception.criteria, context);
    if (isForNobody(criteria.actor?.recipients)) return [];
    return [{ ...exception, criteria, exceptions: exceptionsFor(exception.exceptions, context) }];
  });
}

function criteriaFor(criteria: Criteria, context: Context): Criteria {
  const { actor, data } = criteria;
  return {
    ...criteria,
    ...(actor === undefined ? {} : { actor: actorFor(actor, context) }),
    ...(data === undefined
      ? {}
      : {
          data: data.map(({ meaning, reference }) => ({
            meaning,
            reference: context.rename([reference])[0] ?? reference,
          })),
        }),
  };
}

function actorFor(
  { recipients, custodians, authors }: ActorCriteria,
  { organization, rename }: Context,
): ActorCriteria {
  return {
    ...(recipients === undefined
      ? {}
      : {
          recipients: {
            organizations: recipients.organizations.filter((one) => one === organization),
            others: rename(recipients.others),
          },
        }),
    ...(custodians === undefined ? {} : { custodians: rename(custodians) }),
    ...(authors === undefined ? {} : { authors: rename(authors) }),
  };
}

function isForNobody(recipients: Recipients | undefined): boolean {
  return recipients?.organizations.length === 0 && recipients.others.length === 0;
}
