export { makeBackup, type BackupOptions, type BackupReport } from './backup/make-backup.js';
export { readManifest, verifyBackup, type Manifest } from './backup/manifest.js';
export { restoreSteps, type GatewayControl, type RestoreOptions } from './backup/restore.js';
export { revocationSteps, type RevokeOptions } from './certificates/revoke.js';
export { rotationSteps, type RotateOptions } from './certificates/rotate.js';
export { ROTATABLE, type Rotatable } from './certificates/staged.js';
export { upgradeSteps, type UpgradeOptions } from './chaincode/upgrade.js';
export { ConfigurationError } from './config/config-tree.js';
export { addMemberSteps, type AddMemberOptions } from './members/add-member.js';
export {
  decodePublicMember,
  encodePublicMember,
  keepPublicMember,
  publicMember,
  type PublicMember,
} from './members/public-member.js';
export { removeMemberSteps, type RemoveMemberOptions } from './members/remove-member.js';
export { OperationError } from './processes.js';
export { openSite, type Site, type SiteOptions } from './site.js';
export { carryOut, type CarryOutOptions, type Step, type StepReport } from './steps.js';
