import { EVIDENCE_HEADER } from '@consent-ledger/chaincode/wire/http';
import type { FhirRelease } from '../../ports/consent-index.js';
import { RELEASES } from './releases.js';

const PCF = 'https://profiles.ihe.net/ITI/PCF';

const SEARCH: readonly (readonly [name: string, type: string, documentation: string])[] = [
  ['_id', 'token', 'Id of the consent.'],
  ['_lastUpdated', 'date', 'When its newest version was filed, or it was withdrawn.'],
  ['patient', 'reference', 'Patient/<subject>.'],
  ['status', 'token', 'A withdrawn consent is inactive.'],
  ['period', 'date', 'Period of the consent.'],
  ['actor', 'reference', 'Named by a provision of any depth.'],
  ['purpose', 'token', 'Named by a provision of any depth.'],
];

const DOCUMENTATION =
  `The newest version of a consent is what is decided by; every version stays readable. An update needs
no If-Match, but for a lost update to be seen. An update with the status inactive withdraws the consent, for good, and
changes nothing else of it. The header ${EVIDENCE_HEADER} says how it is known who gave the consent. Narrative and display
texts are not kept. The server speaks JSON only, deletes nothing, and keeps no identifiers of patients.`.replaceAll(
    '\n',
    ' ',
  );

const PATIENT = {
  type: 'Patient',
  documentation:
    'No patients are kept here that could be read: whoever is found is a reference for who asked.',
  operation: [{ name: 'match', definition: 'http://hl7.org/fhir/OperationDefinition/Patient-match' }],
};

/** What this gateway speaks, as the Consent Registry of IHE PCF 1.1 states it (ITI-108). */
export function capabilityStatement(release: FhirRelease, base: string, description: string): object {
  return {
    resourceType: 'CapabilityStatement',
    status: 'active',
    date: '2026-11-24',
    kind: 'instance',
    software: { name: 'consent-ledger' },
    implementation: { description, url: base },
    fhirVersion: RELEASES[release].fhirVersion,
    format: ['application/fhir+json', 'json'],
    ...(release === 'r4' ? { implementationGuide: [`${PCF}/ImplementationGuide/ihe.iti.pcf`] } : {}),
    rest: [
      {
        mode: 'server',
        documentation: 'A registry of privacy consents, whose every change is on a ledger.',
        security: {
          cors: false,
          service: [
            {
              coding: [
                { system: 'http://terminology.hl7.org/CodeSystem/restful-security-service', code: 'OAuth' },
              ],
            },
          ],
          description: "A bearer token of the member's issuer (RFC 9068).",
        },
        resource: [
          {
            type: 'Consent',
            ...(release === 'r4'
              ? {
                  supportedProfile: ['Basic', 'Intermediate', 'Advanced'].map(
                    (name) => `${PCF}/StructureDefinition/IHE.PCF.consent${name}`,
                  ),
                }
              : {}),
            documentation: DOCUMENTATION,
            interaction: ['create', 'read', 'vread', 'update', 'history-instance', 'search-type'].map(
              (code) => ({ code }),
            ),
            versioning: 'versioned',
            readHistory: true,
            updateCreate: true,
            conditionalCreate: false,
            conditionalRead: 'not-match',
            conditionalUpdate: false,
            conditionalDelete: 'not-supported',
            searchParam: SEARCH.map(([name, type, documentation]) => ({ name, type, documentation })),
          },
          ...(release === 'r4' ? [PATIENT] : []),
        ],
      },
    ],
  };
}
