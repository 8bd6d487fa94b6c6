import { ACCESS } from '../../wire/access.js';
import { registryCommand, type RegistryCommand } from '../../wire/commands/registry.js';
import { registryQuery } from '../../wire/queries.js';
import { AudienceContract } from '../audience-contract.js';
import type { Call } from '../call.js';
import { publicMessage } from '../functions.js';
import { guardCaller, type About } from '../guard.js';
import { parseMessage } from '../message.js';
import { acceptAgreement, dropAgreement, endAgreement, proposeAgreement } from './agreements.js';
import { commitJournal } from './commit-journal.js';
import { foundLedger } from './found-ledger.js';
import { confirmLegalBasis, dropLegalBasis, endLegalBasis, proposeLegalBasis } from './legal-bases.js';
import { moveEpoch } from './move-epoch.js';
import { answerRegistryQuery } from './queries.js';
import { registerMember } from './register-member.js';
import { signCheckpoint } from './sign-checkpoint.js';
import { stateStudy } from './state-study.js';

/** What every member may read: the ledger's id, who its members are, what they agreed on, and on what legal basis they may ask. */
export class RegistryContract extends AudienceContract {
  override readonly restsOnEpoch = false;

  constructor() {
    super('registry');
  }

  async apply(call: Call, ...args: string[]): Promise<void> {
    const command = parseMessage(publicMessage(call, args), registryCommand, 'command-malformed');
    await guardCaller(call, ACCESS.registry.apply[command.command], aboutOf(command));
    switch (command.command) {
      case 'found-ledger':
        return foundLedger(call, command);
      case 'register-member':
        return registerMember(call, command);
      case 'move-epoch':
        return moveEpoch(call, command);
      case 'state-study':
        return stateStudy(call, command);
      case 'sign-checkpoint':
        return signCheckpoint(call, command);
      case 'propose-agreement':
        return proposeAgreement(call, command);
      case 'accept-agreement':
        return acceptAgreement(call, command);
      case 'drop-agreement':
        return dropAgreement(call, command);
      case 'end-agreement':
        return endAgreement(call, command);
      case 'propose-legal-basis':
        return proposeLegalBasis(call, command);
      case 'confirm-legal-basis':
        return confirmLegalBasis(call, command);
      case 'drop-legal-basis':
        return dropLegalBasis(call, command);
      case 'end-legal-basis':
        return endLegalBasis(call, command);
      case 'commit-journal':
        return commitJournal(call, command);
    }
  }

  async query(call: Call, ...args: string[]): Promise<Uint8Array> {
    const query = parseMessage(publicMessage(call, args), registryQuery, 'query-malformed');
    await guardCaller(call, ACCESS.registry.query[query.query], {});
    return answerRegistryQuery(call, query);
  }
}

function aboutOf(command: RegistryCommand): About {
  if (command.command === 'register-member') return { self: command.member.mspId };
  return command.command === 'state-study' ? { self: command.sponsor } : {};
}
