export {
  chaincodePackage,
  ownConnection,
  sharedConnection,
  type ChaincodeConnection,
  type ChaincodePackage,
} from './chaincode-package.js';
export {
  ownChaincodeServer,
  sharedChaincodeServer,
  type ChaincodeEnvironment,
  type ChaincodeServer,
} from './chaincode-server.js';
export {
  collectionPackage,
  collections,
  collectionsDigest,
  collectionsJson,
  type Collection,
} from './collections.js';
export { chaincodeDefinition, ENDORSEMENT_POLICY, type ChaincodeDefinitionSpec } from './definition.js';
export {
  gatewayConfiguration,
  gatewayUrl,
  tokenSettings,
  type GatewayConfiguration,
  type GatewayMember,
  type TokenSettings,
} from './gateway-configuration.js';
export { freshSeed, genesisBlock, ledgerId, type GenesisSeed } from './genesis.js';
export { outOf, policyEnvelope, policyText, role, type PolicyRule, type Role } from './policies.js';
export { packageFile, prepareConsortium, type PreparedConsortium } from './prepare.js';
