import { gatewayUrl, type Organisation } from '@consent-ledger/network';
import type { Consortium } from './consortium.js';

/** How a member is referred to in FHIR resources. */
export function memberReference({ name }: Pick<Organisation, 'name'>): string {
  return `Organization/${name}`;
}

/** Where everything is, for machines. */
export function summary(consortium: Consortium): Record<string, unknown> {
  const { dataDir, ledger, topology, plan } = consortium;
  return {
    dataDir,
    ledger,
    portBase: plan.portBase,
    issuer: `https://127.0.0.1:${plan.issuer}`,
    members: topology.organisations.map((organisation) => ({
      member: memberReference(organisation),
      mspId: organisation.mspId,
      kind: organisation.kind,
      gateway: gatewayUrl(organisation, plan),
    })),
  };
}

/** The same for people. */
export function describe(consortium: Consortium): string[] {
  const { dataDir, ledger, topology, plan } = consortium;
  const width = Math.max(...topology.organisations.map(({ displayName }) => displayName.length));
  return [
    `The consortium is up (data in ${dataDir}):`,
    ...topology.organisations.map(
      (organisation) =>
        `  ${organisation.displayName.padEnd(width)}  ${organisation.kind.padEnd(8)}  ${gatewayUrl(organisation, plan)}/docs`,
    ),
    ...(ledger === 'embedded'
      ? ['  The embedded ledger orders alone and protects nobody from its operator: for development only.']
      : []),
  ];
}
