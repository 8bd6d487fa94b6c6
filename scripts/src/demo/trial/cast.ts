import { custodians, memberLayout, oversight, sponsors } from '@consent-ledger/network';
import type { Consortium } from '../../consortium/consortium.js';
import { badInput } from '../../user-error.js';
import { playerOf, type Player } from '../cast.js';

export type Site = Player<'consent-clerk' | 'records-clerk'>;

/** Who plays in a clinical trial. */
export interface TrialCast {
  readonly sites: readonly [Site, Site];
  readonly sponsor: Player<'researcher' | 'trial-manager'>;
  readonly auditor: Player<'auditor'>;
  /** The configuration of the auditor's gateway: who reads the auditor's own peer. */
  readonly auditorConfiguration: string;
}

/** The first two hospitals, the first sponsor and the auditor, signed in. Throws a UserError when one is missing. */
export async function trialCastOf(consortium: Consortium): Promise<TrialCast> {
  const [one, two] = custodians(consortium.topology);
  const [sponsor] = sponsors(consortium.topology);
  const auditor = oversight(consortium.topology).find(({ kind }) => kind === 'auditor');
  if (!one || !two || !sponsor || !auditor) {
    throw badInput('The demo needs two hospitals, a sponsor and an auditor: use the topology demo.yaml.');
  }
  return {
    sites: [
      await playerOf(consortium, one, 'consent-clerk', 'records-clerk'),
      await playerOf(consortium, two, 'consent-clerk', 'records-clerk'),
    ],
    sponsor: await playerOf(consortium, sponsor, 'researcher', 'trial-manager'),
    auditor: await playerOf(consortium, auditor, 'auditor'),
    auditorConfiguration: memberLayout(consortium.dataDir, auditor.name).configuration,
  };
}
