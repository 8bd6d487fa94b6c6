export type { Environment } from './call.js';
export { ConsentChaincode, type Answer } from './chaincode.js';
