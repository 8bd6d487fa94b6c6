import { Command } from 'commander';
import { auditCheckpointVerb } from './audit-checkpoint.js';
import { auditEvidenceVerb } from './audit-evidence.js';
import { auditFindingVerb } from './audit-finding.js';
import { auditFollowVerb, auditRebuildVerb } from './audit-follow.js';
import { auditQuestionVerbs } from './audit-questions.js';
import { auditReplayVerb } from './audit-replay.js';
import { auditServeVerb } from './audit-serve.js';
import { auditLogVerb, auditStatusVerb } from './audit-state.js';

/** `consent-ledger audit` */
export function auditVerb(done: (exitCode: number) => void): Command {
  const audit = new Command('audit')
    .description('Read and judge the history of accesses, from a member’s own peer.')
    .addCommand(auditReplayVerb(done))
    .addCommand(auditEvidenceVerb(done))
    .addCommand(auditCheckpointVerb(done))
    .addCommand(auditFollowVerb(done))
    .addCommand(auditRebuildVerb(done))
    .addCommand(auditServeVerb(done))
    .addCommand(auditStatusVerb(done))
    .addCommand(auditLogVerb(done))
    .addCommand(auditFindingVerb(done));
  for (const verb of auditQuestionVerbs(done)) audit.addCommand(verb);
  return audit;
}
