/** Code systems that a label table may call by a name: the address that FHIR gives each, and what else it goes by (CDA's OIDs). */
export const CODE_SYSTEMS: Readonly<
  Record<string, { readonly uri: string; readonly others: readonly string[]; readonly isTree: boolean }>
> = {
  LOINC: { uri: 'http://loinc.org', others: ['urn:oid:2.16.840.1.113883.6.1'], isTree: false },
  'SNOMED CT': { uri: 'http://snomed.info/sct', others: ['urn:oid:2.16.840.1.113883.6.96'], isTree: false },
  'ICD-10-CM': {
    uri: 'http://hl7.org/fhir/sid/icd-10-cm',
    others: ['urn:oid:2.16.840.1.113883.6.90'],
    isTree: true,
  },
  'ICD-10': {
    uri: 'http://hl7.org/fhir/sid/icd-10',
    others: ['urn:oid:2.16.840.1.113883.6.3'],
    isTree: true,
  },
  RxNorm: {
    uri: 'http://www.nlm.nih.gov/research/umls/rxnorm',
    others: ['urn:oid:2.16.840.1.113883.6.88'],
    isTree: false,
  },
};

const canonical = new Map(
  Object.values(CODE_SYSTEMS).flatMap(({ uri, others }) =>
    [uri, ...others].map((one) => [one, uri] as const),
  ),
);

/** The address of a code system, from its name in a table or any address that it goes by; SNOMED CT's without edition and version. */
export function canonicalSystem(system: string): string {
  const named = CODE_SYSTEMS[system]?.uri ?? canonical.get(system);
  if (named !== undefined) return named;
  return system.startsWith('http://snomed.info/sct/') ? 'http://snomed.info/sct' : system;
}
