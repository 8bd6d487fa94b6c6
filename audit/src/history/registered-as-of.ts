import {
  AGREEMENT_PREFIX,
  LEGAL_BASIS_PREFIX,
  type AgreementVersion,
  type LegalBasisVersion,
} from '@consent-ledger/chaincode/wire';
import type { World } from './world.js';

export interface RegisteredAsOf {
  readonly agreements: readonly AgreementVersion[];
  readonly legalBases: readonly LegalBasisVersion[];
}

/** What members had agreed on, and on what legal bases they could ask, where the world stands: of each the newest version. */
export function registeredAsOf(world: World): RegisteredAsOf {
  return {
    agreements: world.publicValues(AGREEMENT_PREFIX) as AgreementVersion[],
    legalBases: world.publicValues(LEGAL_BASIS_PREFIX) as LegalBasisVersion[],
  };
}
