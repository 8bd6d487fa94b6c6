import { ACCESS } from '../../wire/access.js';
import { registryCommand, type RegistryCommand } from '../../wire/commands/registry.js';
import { registryQuery } from '../../wire/queries.js';
import { AudienceContract } from '../audience-contract.js';
import type { Call } from '../call.js';
import { publicMessage } from '../functions.js';
import { guardCaller, type About } from '../guard.js';
import { parseMessage } from '../message.js';
import { foundLedger } from './found-ledger.js';
import { moveEpoch } from './move-epoch.js';
import { answerRegistryQuery } from './queries.js';
import { registerMember } from './register-member.js';
import { signCheckpoint } from './sign-checkpoint.js';
import { stateStudy } from './state-study.js';

/** What every member may read: the ledger's id and who its members are. */
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
