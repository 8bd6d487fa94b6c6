export { makeBackup, type BackupOptions, type BackupReport } from './backup/make-backup.js';
export { readManifest, verifyBackup, type Manifest } from './backup/manifest.js';
export { restoreSteps, type GatewayControl, type RestoreOptions } from './backup/restore.js';
export { revocationSteps, type RevokeOptions } from './certificates/revoke.js';
export { rotationSteps, type RotateOptions } from './certificates/rotate.js';
export type { RotatedGateway } from './certificates/rotate-gateway.js';
export { ROTATABLE, type Rotatable } from './certificates/staged.js';
export { upgradeSteps, type UpgradeOptions } from './chaincode/upgrade.js';
export { UpdateProposed } from './change-configuration.js';
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
export { openSite, type EmbeddedProcesses, type Site, type SiteOptions } from './site.js';
export { certificatesOf, type CertificateStatus } from './status/certificates.js';
export {
  networkStatus,
  type NetworkStatus,
  type NodeStatus,
  type OrganisationStatus,
} from './status/network-status.js';
export { carryOut, type CarryOutOptions, type Step, type StepReport } from './steps.js';
export { reportUpdate, signUpdateFile, submitUpdateFile, type UpdateReport } from './update-files.js';
export { composeFile, containersOf, prepareMounts } from './compose/compose-file.js';
export { makeMemberFolder } from './members/member-folder.js';
export { joinSteps } from './members/join-channel.js';
