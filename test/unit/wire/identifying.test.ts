import { withoutIdentifyingText, type FhirResource } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { consentOf } from '../contracts/support/fixtures.js';

const NAME = 'Jane Roe';

/** Places where FHIR lets a name stand, and how the path of each reads. */
const HIDING: readonly [string, FhirResource][] = [
  ['Consent.text', { text: { status: 'generated', div: `<div>${NAME}</div>` } }],
  ['Consent.patient.display', { patient: { reference: 'Patient/s', display: NAME } }],
  ['Consent.patient.identifier', { patient: { reference: 'Patient/s', identifier: { value: NAME } } }],
  ['Consent.performer[1].display', { performer: [{ reference: 'Patient/s' }, { display: NAME }] }],
  ['Consent._dateTime.extension[0]', { _dateTime: { extension: [{ url: 'urn:x', valueString: NAME }] } }],
  ['Consent.extension[0]', { extension: [{ url: 'urn:x', valueHumanName: { text: NAME } }] }],
  ['Consent.category[0].text', { category: [{ text: NAME }] }],
  ['Consent.contained[0]', { contained: [{ resourceType: 'Patient', name: [{ family: NAME }] }] }],
  ['Consent.contained[0].text', { contained: [{ resourceType: 'Organization', text: { div: NAME } }] }],
  ['Consent.sourceAttachment.data', { sourceAttachment: { contentType: 'application/pdf', data: NAME } }],
  ['Consent.sourceAttachment.title', { sourceAttachment: { title: NAME } }],
  ['Consent.verification[0].verifiedWith.display', { verification: [{ verifiedWith: { display: NAME } }] }],
  [
    'Consent.provision.actor[0].reference.display',
    { provision: { actor: [{ reference: { display: NAME } }] } },
  ],
];

describe('what identifies a person', () => {
  for (const [path, changes] of HIDING) {
    it(`is found and left out at ${path}`, () => {
      const { resource, removed } = withoutIdentifyingText(consentOf('c-1', 's', changes));
      expect(removed).to.include(path);
      expect(JSON.stringify(resource)).to.not.include(NAME);
      expect(withoutIdentifyingText(resource).removed).to.deep.equal([]);
    });
  }

  it('is not what the rules read: codes with their displays, references, periods, the list of data', () => {
    const consent = consentOf('c-1', 's', {
      identifier: [{ system: 'urn:consents', value: '42' }],
      provision: {
        type: 'permit',
        purpose: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
            code: 'TREAT',
            display: 'treatment',
          },
        ],
        data: [{ meaning: 'instance', reference: { reference: 'Observation/hb-1' } }],
      },
    });
    expect(withoutIdentifyingText(consent)).to.deep.equal({ resource: consent, removed: [] });
  });

  it('leaves what was given untouched', () => {
    const consent = consentOf('c-1', 's', { text: { div: NAME } });
    withoutIdentifyingText(consent);
    expect(consent['text']).to.deep.equal({ div: NAME });
  });
});
