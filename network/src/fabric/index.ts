export {
  consortiumChaincode,
  consortiumChaincodeProcess,
  type ChaincodeDeployment,
  type ChaincodeProcess,
} from './chaincode-deployment.js';
export { fabricConfiguration } from './configuration.js';
export { deployChaincode, type DeployOptions } from './deploy.js';
export { FabricHomeError, findFabricHome, type FabricHome } from './fabric-home.js';
export { endInOrder, runningFabricProcesses } from './left-running.js';
export { fabricListeners, type FabricListener } from './listeners.js';
export type { NodeControl, OrganisationNodes } from './organisation-nodes.js';
export { startFabric, type FabricOptions, type RunningFabric } from './start-fabric.js';
export { WaitTimeoutError } from './wait-until.js';
