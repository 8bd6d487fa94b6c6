import type { RegistryQuery } from '../../wire/index.js';
import {
  EPOCH_KEY,
  LEDGER_KEY,
  agreementKey,
  agreementProposalKey,
  legalBasisKey,
  legalBasisProposalKey,
  memberKey,
  studyKey,
} from '../../wire/keys.js';
import { canonicalBytes } from '../../wire/canonical.js';
import type { Call } from '../call.js';

export async function answerRegistryQuery({ publicState }: Call, query: RegistryQuery): Promise<Uint8Array> {
  switch (query.query) {
    case 'ledger':
      return publicState.bytes(LEDGER_KEY);
    case 'epoch':
      return publicState.bytes(EPOCH_KEY);
    case 'member':
      return publicState.bytes(memberKey(query.mspId));
    case 'study':
      return publicState.bytes(studyKey(query.study));
    case 'checkpoint':
      return canonicalBytes({ signatures: await publicState.checkpoints(query.block) });
    case 'agreement':
      return publicState.bytes(agreementKey(...query.members));
    case 'agreement-proposal':
      return publicState.bytes(agreementProposalKey(...query.members));
    case 'legal-basis':
      return publicState.bytes(legalBasisKey(query.basis));
    case 'legal-basis-proposal':
      return publicState.bytes(legalBasisProposalKey(query.basis));
    case 'members':
      return canonicalBytes({ members: await publicState.members() });
  }
}
