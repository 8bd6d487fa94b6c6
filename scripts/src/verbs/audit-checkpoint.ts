import { Command } from 'commander';
import { checkpointCompareVerb } from './audit-checkpoint-compare.js';
import { checkpointProveVerb } from './audit-checkpoint-prove.js';
import { checkpointShowVerb, checkpointSignVerb } from './audit-checkpoint-sign.js';

/** `consent-ledger audit checkpoint` */
export function auditCheckpointVerb(done: (exitCode: number) => void): Command {
  return new Command('checkpoint')
    .description(
      'Sign what this member has of the history, see who signed the same, and compare two histories by one line.',
    )
    .addCommand(checkpointSignVerb(done))
    .addCommand(checkpointShowVerb(done))
    .addCommand(checkpointCompareVerb(done))
    .addCommand(checkpointProveVerb(done));
}
