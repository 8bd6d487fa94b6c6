/** Name of the chaincode in its default definition; a topology may rename channel and chaincode. */
export const CHAINCODE_NAME = 'consent-ledger';
export const CHANNEL_NAME = 'consent';

/** One contract per audience. */
export const CONTRACTS = ['registry', 'custody', 'withdrawal', 'study'] as const;
export type ContractName = (typeof CONTRACTS)[number];

/** Names of the functions as a client calls them: they say who may read, never what is being done. */
export const FUNCTIONS = {
  registry: { apply: 'registry:apply', query: 'registry:query' },
  custody: { apply: 'custody:apply', query: 'custody:query' },
  withdrawal: { apply: 'withdrawal:apply', query: 'withdrawal:query' },
  study: { apply: 'study:apply', query: 'study:query' },
} as const;

/** Names in the transient map of a private command or query. */
export const TRANSIENT_COMMAND = 'command';
export const TRANSIENT_QUERY = 'query';

/** Collection that holds what one custodian and the oversight organisations read. */
export function custodyCollection(custodian: string): string {
  return `custody-${custodian}`;
}

/** Collection that holds the withdrawals of that custodian's consents. */
export function withdrawalCollection(custodian: string): string {
  return `withdrawal-${custodian}`;
}

/** Collection that holds what a site, a sponsor and the oversight organisations know of their studies. */
export function studyCollection(site: string, sponsor: string): string {
  return `study-${site}-${sponsor}`;
}

/** The member as FHIR names it. */
export function organizationReference(memberName: string): string {
  return `Organization/${memberName}`;
}

/** The subject as FHIR names it. */
export function patientReference(subject: string): string {
  return `Patient/${subject}`;
}
