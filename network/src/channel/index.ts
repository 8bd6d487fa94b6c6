export {
  collectionPackage,
  collections,
  collectionsDigest,
  collectionsJson,
  custodyCollection,
  studyCollection,
  withdrawalCollection,
  type Collection,
} from './collections.js';
export { orderingOrganisations } from './consensus.js';
export { chaincodeDefinition, ENDORSEMENT_POLICY, type ChaincodeDefinitionSpec } from './definition.js';
export { freshSeed, genesisBlock, ledgerId, type GenesisSeed } from './genesis.js';
export { policyText, type PolicyRule, type Role } from './policies.js';
