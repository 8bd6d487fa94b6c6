export { revocationSteps, type RevokeOptions } from './certificates/revoke.js';
export { rotationSteps, type RotateOptions } from './certificates/rotate.js';
export { ROTATABLE, type Rotatable } from './certificates/staged.js';
export { upgradeSteps, type UpgradeOptions } from './chaincode/upgrade.js';
export { ConfigurationError } from './config/config-tree.js';
export { OperationError } from './processes.js';
export { openSite, type Site, type SiteOptions } from './site.js';
export { carryOut, type CarryOutOptions, type Step, type StepReport } from './steps.js';
