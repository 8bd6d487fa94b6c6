import { expect } from 'chai';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { validateQuestion } from '@consent-ledger/chaincode/domain';
import { recordFacts } from '@consent-ledger/chaincode/wire';
import { factsOfResource } from '@consent-ledger/gateway/internal/usecases/fhir-facts';

const examples = dirname(createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'));
const V3 = 'http://terminology.hl7.org/CodeSystem';

describe('the facts of a record are taken from its resource', () => {
  it('every published R4 example yields facts that the ledger takes, and no word of its text', () => {
    let seen = 0;
    for (const name of readdirSync(examples).filter((file) =>
      /^(Observation|Condition|DiagnosticReport|MedicationRequest|DocumentReference|Encounter|Immunization|Composition|Procedure|AllergyIntolerance)-.*\.json$/.test(
        file,
      ),
    )) {
      const resource = JSON.parse(readFileSync(join(examples, name), 'utf8')) as Record<string, unknown>;
      const facts = factsOfResource(resource);
      const stated = { reference: 'Binary/x', ...facts };
      expect(recordFacts.safeParse(stated).success, `${name} ${JSON.stringify(stated)}`).to.equal(true);
      const question = {
        at: '2026-01-01T00:00:00Z',
        requester: { member: 'Organization/x' },
        purpose: ['TREAT'],
        record: stated,
      };
      expect(validateQuestion(question).ok, `${name} ${JSON.stringify(stated)}`).to.equal(true);
      const said = JSON.stringify(facts);
      expect(said, name).not.to.match(/Patient\/|<div|display/);
      seen += 1;
    }
    expect(seen).to.be.greaterThan(50);
  });

  it('leaves unknown what the resource does not say, or says only in words', () => {
    const facts = factsOfResource({ resourceType: 'Observation', id: 'x', code: { text: 'HIV test' } });
    expect(facts).to.deep.equal({ reference: 'Observation/x', resourceType: 'Observation', refersTo: [] });
  });

  it('takes only confidentiality and sensitivity codes as labels, and none at all as not assessed', () => {
    const labelled = (security: object[]): unknown =>
      factsOfResource({ resourceType: 'Observation', meta: { security } })?.labels;
    expect(
      labelled([
        { system: `${V3}/v3-Confidentiality`, code: 'R' },
        { system: `${V3}/v3-ActCode`, code: 'HIV' },
      ]),
    ).to.deep.equal(['R', 'HIV']);
    expect(labelled([{ system: `${V3}/v3-ActReason`, code: 'HTEST' }])).to.equal(undefined);
    expect(labelled([])).to.equal(undefined);
    expect(factsOfResource({ resourceType: 'Observation' })?.labels).to.equal(undefined);
  });

  it('reads codes of components, references less a version, and an author only where all are named', () => {
    const facts = factsOfResource({
      resourceType: 'Observation',
      id: 'bp',
      code: { coding: [{ system: 'http://loinc.org', code: '85354-9' }] },
      component: [{ code: { coding: [{ system: 'http://loinc.org', code: '8480-6' }] } }],
      subject: { reference: 'Patient/p1' },
      encounter: { reference: 'Encounter/e1/_history/3' },
      performer: [{ reference: 'Practitioner/7' }],
      effectivePeriod: { start: '2024-01-01', end: '2024-01-02' },
    });
    expect(facts?.codes?.map(({ code }) => code)).to.deep.equal(['85354-9', '8480-6']);
    expect(facts?.refersTo).to.deep.equal(['Encounter/e1', 'Practitioner/7']);
    expect(facts?.author).to.deep.equal(['Practitioner/7']);
    expect(facts?.authored).to.deep.equal({ start: '2024-01-01', end: '2024-01-02' });
    const unnamed = factsOfResource({ resourceType: 'Observation', performer: [{ display: 'Dr Who' }] });
    expect(unnamed?.author).to.equal(undefined);
  });

  it('is no resource: no facts', () => {
    for (const value of [null, 1, 'x', [], {}, { resourceType: 1 }, { resourceType: '../x' }]) {
      expect(factsOfResource(value)).to.equal(undefined);
    }
  });
});
