import { expect } from 'chai';
import { IDEMPOTENT_OPERATIONS, OPERATIONS, type Operation } from '@consent-ledger/chaincode/wire/http';

/** They have a body because a question is long, and change nothing. */
const ASKING = ['makeStatement', 'makeStudyConsent', 'check', 'fhirSearchForm', 'cdsConsult'];

describe('operations that take an idempotency key', () => {
  it('are all that users call and that change something', () => {
    const changing = (Object.entries(OPERATIONS) as [string, Operation][])
      .filter(
        ([name, { method, caller }]) =>
          method !== 'get' && typeof caller !== 'string' && !ASKING.includes(name),
      )
      .map(([name]) => name);
    expect([...IDEMPOTENT_OPERATIONS].sort()).to.deep.equal(changing.sort());
  });
});
