import { openCustody } from '../../state/custody-state.js';
import { ACCESS } from '../../wire/access.js';
import { TRANSIENT_COMMAND, TRANSIENT_QUERY } from '../../wire/names.js';
import { withdrawalCommand } from '../../wire/commands/withdrawal.js';
import { withdrawalQuery } from '../../wire/queries.js';
import { AudienceContract } from '../audience-contract.js';
import type { Call } from '../call.js';
import { privateMessage } from '../functions.js';
import { guardCaller } from '../guard.js';
import { parseMessage } from '../message.js';
import { answerWithdrawalQuery } from './queries.js';
import { withdraw } from './withdraw.js';

/** What subjects have withdrawn, in a collection of its own: there one organisation's endorsement is enough. */
export class WithdrawalContract extends AudienceContract {
  override readonly restsOnEpoch = true;

  constructor() {
    super('withdrawal');
  }

  async apply(call: Call, ...args: string[]): Promise<void> {
    const { custodian, message } = privateMessage(call, args, TRANSIENT_COMMAND);
    const command = parseMessage(message, withdrawalCommand, 'command-malformed');
    await guardCaller(call, ACCESS.withdrawal.apply[command.command], { custodian });
    return withdraw(call, await openCustody(call.stub, custodian, command.salt), command);
  }

  async query(call: Call, ...args: string[]): Promise<Uint8Array> {
    const { custodian, message } = privateMessage(call, args, TRANSIENT_QUERY);
    const query = parseMessage(message, withdrawalQuery, 'query-malformed');
    await guardCaller(call, ACCESS.withdrawal.query[query.query], { custodian });
    return answerWithdrawalQuery(call, custodian, query);
  }
}
