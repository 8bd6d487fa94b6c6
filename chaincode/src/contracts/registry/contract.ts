import { ACCESS } from '../../wire/access.js';
import { registryCommand } from '../../wire/commands/registry.js';
import { registryQuery } from '../../wire/queries.js';
import { publicMessage, type ContractFunctions } from '../functions.js';
import { guardCaller } from '../guard.js';
import { parseMessage } from '../message.js';
import { foundLedger } from './found-ledger.js';
import { answerRegistryQuery } from './queries.js';
import { registerMember } from './register-member.js';

/** What every member may read: the ledger's id and who its members are. */
export const registryContract: ContractFunctions = {
  async apply(call, args) {
    const command = parseMessage(publicMessage(call, args), registryCommand, 'command-malformed');
    const about = command.command === 'register-member' ? { self: command.member.mspId } : {};
    await guardCaller(call, ACCESS.registry.apply[command.command], about);
    switch (command.command) {
      case 'found-ledger':
        return foundLedger(call, command);
      case 'register-member':
        return registerMember(call, command);
    }
  },

  async query(call, args) {
    const query = parseMessage(publicMessage(call, args), registryQuery, 'query-malformed');
    await guardCaller(call, ACCESS.registry.query[query.query], {});
    return answerRegistryQuery(call, query);
  },
};
