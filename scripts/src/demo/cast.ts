import { custodians, oversight, sponsors, type Organisation } from '@consent-ledger/network';
import type { Consortium } from '../consortium/consortium.js';
import { memberClient, type MemberClient } from '../consortium/member-client.js';
import { badInput } from '../user-error.js';

/** A member that plays in the demo, and the users of it that do. */
export interface Player<User extends string> {
  readonly organisation: Organisation;
  readonly as: Readonly<Record<User, MemberClient>>;
}

export interface Cast {
  /** Keeps the records. */
  readonly custodian: Player<'consent-clerk' | 'records-clerk' | 'practitioner'>;
  /** Another hospital. */
  readonly requester: Player<'practitioner'>;
  readonly sponsor: Player<'researcher'>;
  readonly auditor: Player<'auditor'>;
}

/** The first of each kind in the topology, signed in. Throws a UserError when one is missing. */
export async function castOf(consortium: Consortium): Promise<Cast> {
  const [custodian, requester] = custodians(consortium.topology);
  const [sponsor] = sponsors(consortium.topology);
  const auditor = oversight(consortium.topology).find(({ kind }) => kind === 'auditor');
  if (!custodian || !requester || !sponsor || !auditor) {
    throw badInput('The demo needs two hospitals, a sponsor and an auditor: use the topology demo.yaml.');
  }
  const player = <User extends string>(
    organisation: Organisation,
    ...users: readonly User[]
  ): Promise<Player<User>> => playerOf(consortium, organisation, ...users);
  return {
    custodian: await player(custodian, 'consent-clerk', 'records-clerk', 'practitioner'),
    requester: await player(requester, 'practitioner'),
    sponsor: await player(sponsor, 'researcher'),
    auditor: await player(auditor, 'auditor'),
  };
}

/** Signs a member's users in. */
export async function playerOf<User extends string>(
  consortium: Consortium,
  organisation: Organisation,
  ...users: readonly User[]
): Promise<Player<User>> {
  const clients = users.map(
    async (user) => [user, await memberClient(consortium, organisation.name, user)] as const,
  );
  return { organisation, as: Object.fromEntries(await Promise.all(clients)) as Record<User, MemberClient> };
}
