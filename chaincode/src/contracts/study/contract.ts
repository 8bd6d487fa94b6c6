import { ACCESS } from '../../wire/access.js';
import { studyCommand } from '../../wire/commands/studies.js';
import { TRANSIENT_COMMAND, TRANSIENT_QUERY } from '../../wire/names.js';
import { studyQuery } from '../../wire/queries.js';
import { AudienceContract } from '../audience-contract.js';
import type { Call } from '../call.js';
import { privateStudyMessage } from '../functions.js';
import { guardCaller } from '../guard.js';
import { parseMessage } from '../message.js';
import { acknowledgeStop } from './acknowledge-stop.js';
import { answerStudyQuery } from './queries.js';
import { recordParticipations } from './record-participations.js';
import { stateTerms } from './state-terms.js';

/** What one site, one sponsor and the oversight organisations know of the studies that the two run together. */
export class StudyContract extends AudienceContract {
  override readonly restsOnEpoch = true;

  constructor() {
    super('study');
  }

  async apply(call: Call, ...args: string[]): Promise<void> {
    const { site, sponsor, message } = privateStudyMessage(call, args, TRANSIENT_COMMAND);
    const command = parseMessage(message, studyCommand, 'command-malformed');
    await guardCaller(call, ACCESS.study.apply[command.command], { custodian: site, sponsor, self: sponsor });
    switch (command.command) {
      case 'state-terms':
        return stateTerms(call, { site, sponsor }, command);
      case 'record-participations':
        return recordParticipations(call, { site, sponsor }, command);
      case 'acknowledge-stop':
        return acknowledgeStop(call, { site, sponsor }, command);
    }
  }

  async query(call: Call, ...args: string[]): Promise<Uint8Array> {
    const { site, sponsor, message } = privateStudyMessage(call, args, TRANSIENT_QUERY);
    const query = parseMessage(message, studyQuery, 'query-malformed');
    await guardCaller(call, ACCESS.study.query[query.query], { custodian: site, sponsor });
    return answerStudyQuery(call, { site, sponsor }, query);
  }
}
