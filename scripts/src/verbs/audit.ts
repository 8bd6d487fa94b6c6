import { Command } from 'commander';
import { auditEvidenceVerb } from './audit-evidence.js';
import { auditFollowVerb, auditRebuildVerb } from './audit-follow.js';
import { auditReplayVerb } from './audit-replay.js';

/** `consent-ledger audit` */
export function auditVerb(done: (exitCode: number) => void): Command {
  return new Command('audit')
    .description('Read and judge the history of accesses, from a member’s own peer.')
    .addCommand(auditReplayVerb(done))
    .addCommand(auditEvidenceVerb(done))
    .addCommand(auditFollowVerb(done))
    .addCommand(auditRebuildVerb(done));
}
