import { openCustody } from '../../state/custody-state.js';
import { ACCESS } from '../../wire/access.js';
import { TRANSIENT_COMMAND, TRANSIENT_QUERY } from '../../wire/names.js';
import { custodyCommand } from '../../wire/commands/custody.js';
import { custodyQuery } from '../../wire/queries.js';
import { AudienceContract } from '../audience-contract.js';
import type { Call } from '../call.js';
import { privateMessage } from '../functions.js';
import { guardCaller } from '../guard.js';
import { parseMessage } from '../message.js';
import {
  answerAmendment,
  disputeAmendment,
  extendAmendment,
  requestAmendment,
  tellAmendment,
} from './amend.js';
import { decideRequests } from './decide.js';
import { enrol } from './enrol.js';
import { logJournal } from './log-journal.js';
import { endDelegation } from './end-delegation.js';
import { eraseSubject } from './erase-subject.js';
import { fileConsent } from './file-consent.js';
import { openNewCustody } from './open-custody.js';
import { answerCustodyQuery } from './queries.js';
import { recordDeliveries } from './record-deliveries.js';
import { registerDelegation } from './register-delegation.js';
import { registerKey } from './register-key.js';
import { registerRecord, registerRecords } from './register-record.js';
import { registerSubject } from './register-subject.js';
import { reviewEmergency } from './review-emergency.js';
import { revokeKey } from './revoke-key.js';
import {
  confirmSubjectBasis,
  dropSubjectBasis,
  endSubjectBasis,
  proposeSubjectBasis,
} from './subject-bases.js';

/**
 * What one custodian and the oversight organisations read: its subjects, records, consents and every access.
 */
export class CustodyContract extends AudienceContract {
  override readonly restsOnEpoch = true;

  constructor() {
    super('custody');
  }

  async apply(call: Call, ...args: string[]): Promise<void> {
    const { custodian, message } = privateMessage(call, args, TRANSIENT_COMMAND);
    const command = parseMessage(message, custodyCommand, 'command-malformed');
    await guardCaller(call, ACCESS.custody.apply[command.command], { custodian });
    if (command.command === 'open-custody') return openNewCustody(call, custodian, command);

    const open = await openCustody(call.stub, custodian, command.salt);
    switch (command.command) {
      case 'register-subject':
        return registerSubject(call, open, command);
      case 'register-record':
        return registerRecord(call, open, command);
      case 'register-records':
        return registerRecords(call, open, command);
      case 'file-consent':
        return fileConsent(call, open, command);
      case 'register-key':
        return registerKey(call, open, command);
      case 'revoke-key':
        return revokeKey(call, open, command);
      case 'register-delegation':
        return registerDelegation(call, open, command);
      case 'end-delegation':
        return endDelegation(call, open, command);
      case 'decide':
        return decideRequests(call, open, command);
      case 'record-deliveries':
        return recordDeliveries(call, open, command);
      case 'erase-subject':
        return eraseSubject(call, open, command);
      case 'review-emergency':
        return reviewEmergency(call, open, command);
      case 'log-journal':
        return logJournal(call, open, command);
      case 'enrol':
        return enrol(call, open, command);
      case 'propose-subject-basis':
        return proposeSubjectBasis(call, open, command);
      case 'confirm-subject-basis':
        return confirmSubjectBasis(call, open, command);
      case 'drop-subject-basis':
        return dropSubjectBasis(call, open, command);
      case 'end-subject-basis':
        return endSubjectBasis(call, open, command);
      case 'request-amendment':
        return requestAmendment(call, open, command);
      case 'extend-amendment':
        return extendAmendment(call, open, command);
      case 'answer-amendment':
        return answerAmendment(call, open, command);
      case 'dispute-amendment':
        return disputeAmendment(call, open, command);
      case 'tell-amendment':
        return tellAmendment(call, open, command);
    }
  }

  async query(call: Call, ...args: string[]): Promise<Uint8Array> {
    const { custodian, message } = privateMessage(call, args, TRANSIENT_QUERY);
    const query = parseMessage(message, custodyQuery, 'query-malformed');
    await guardCaller(call, ACCESS.custody.query[query.query], { custodian });
    return answerCustodyQuery(call, custodian, query);
  }
}
