import type { OrganisationKind } from '@consent-ledger/network';

/** A demo user of a member: at its issuer a client, in its tokens `sub` and `roles`. */
export interface DemoUser {
  readonly name: string;
  readonly roles: readonly string[];
}

const administrator: DemoUser = { name: 'admin', roles: ['admin'] };
const overseers: readonly DemoUser[] = [{ name: 'auditor', roles: ['auditor'] }, administrator];

const USERS: Readonly<Record<OrganisationKind, readonly DemoUser[]>> = {
  hospital: [
    { name: 'consent-clerk', roles: ['consent-clerk'] },
    { name: 'consent-portal', roles: ['consent-portal'] },
    { name: 'records-clerk', roles: ['records-clerk'] },
    { name: 'privacy-officer', roles: ['privacy-officer'] },
    { name: 'practitioner', roles: ['practitioner'] },
    { name: 'emergency-physician', roles: ['practitioner', 'emergency-physician'] },
    administrator,
  ],
  sponsor: [
    { name: 'researcher', roles: ['researcher'] },
    { name: 'trial-manager', roles: ['trial-manager'] },
    { name: 'privacy-officer', roles: ['privacy-officer'] },
    administrator,
  ],
  auditor: overseers,
  regulator: overseers,
};

/** The users that the demo's issuer knows at a member of that kind. */
export function demoUsers(kind: OrganisationKind): readonly DemoUser[] {
  return USERS[kind];
}
