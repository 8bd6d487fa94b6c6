import { expect } from 'chai';
import { fhirClient } from './support/fhir.js';
import { fileConsent, registerSubject, treatmentConsent, withdraw } from './support/people.js';
import { PATIENCE_MS, sharedMembers } from './support/shared.js';

/** More than a command is proposed afresh where something else was written first. */
const AT_ONCE = 10;

describe('consents of one subject that come at the same moment', function () {
  this.timeout(PATIENCE_MS);

  it('are all filed, and then all withdrawn, whichever is first', async () => {
    const { riverside } = await sharedMembers();
    const subject = await registerSubject(riverside);
    const filed = await Promise.all(
      Array.from({ length: AT_ONCE }, () => fileConsent(riverside, treatmentConsent({ subject }))),
    );
    expect(filed.map(({ status }) => status)).to.deep.equal(Array(AT_ONCE).fill(201));
    const fhir = await fhirClient(riverside);
    const search = `/Consent?patient=Patient/${subject}&_summary=count`;
    expect((await fhir.get(`${search}&status=active`)).json['total']).to.equal(AT_ONCE);

    const withdrawn = await Promise.all(
      filed.map(({ json }) => withdraw(riverside, String(json['consent']))),
    );
    expect(withdrawn.map(({ status }) => status)).to.deep.equal(Array(AT_ONCE).fill(200));
    expect((await fhir.get(`${search}&status=inactive`)).json['total']).to.equal(AT_ONCE);
  });
});
