import { portsOf, type Organisation } from '@consent-ledger/network';
import type { Consortium } from './consortium.js';

/** The base URL of a member's gateway. */
export function gatewayUrl({ plan }: Consortium, { name, host }: Organisation): string {
  return `https://${host}:${portsOf(plan, name).gateway}`;
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
      member: `Organization/${organisation.name}`,
      mspId: organisation.mspId,
      kind: organisation.kind,
      gateway: gatewayUrl(consortium, organisation),
    })),
  };
}

/** The same for people. */
export function describe(consortium: Consortium): string[] {
  const { dataDir, ledger, topology } = consortium;
  const width = Math.max(...topology.organisations.map(({ displayName }) => displayName.length));
  return [
    `The consortium is up (data in ${dataDir}):`,
    ...topology.organisations.map(
      (organisation) =>
        `  ${organisation.displayName.padEnd(width)}  ${organisation.kind.padEnd(8)}  ${gatewayUrl(consortium, organisation)}/docs`,
    ),
    ...(ledger === 'embedded'
      ? ['  The embedded ledger orders alone and protects nobody from its operator: for development only.']
      : []),
  ];
}
