import { compileConsent, type PolicyInForce } from '@consent-ledger/chaincode/domain';
import { purposeSystems } from './arbitraries.js';
import type { Filed } from './reference-evaluator.js';

/** Compiles, stores and loads, as the ledger does. */
export function compileAll(filed: readonly Filed[]): PolicyInForce[] {
  return filed.map(({ fhir, evidence, withdrawnAt }) => {
    const compiled = compileConsent(fhir, { purposeSystems });
    if (!compiled.ok) throw new Error(JSON.stringify({ fhir, problems: compiled.problems }));
    const policy = JSON.parse(JSON.stringify(compiled.policy)) as typeof compiled.policy;
    return { policy, evidence, version: 1, ...(withdrawnAt === undefined ? {} : { withdrawnAt }) };
  });
}
