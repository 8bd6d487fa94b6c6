export { IdentityError } from './error.js';
export { thumbprint, type ApplicationJwk, type PublicJwk } from './application-keys.js';
export {
  dataLayout,
  memberLayout,
  organisationLayout,
  servicesLayout,
  type DataLayout,
  type MemberLayout,
  type OrganisationLayout,
  type ServicesLayout,
} from './layout.js';
export {
  loadAdmin,
  loadIdentities,
  loadOrganisation,
  loadServices,
  type AdminMaterial,
  type Identities,
  type OrganisationMaterial,
  type Pems,
  type ServicesMaterial,
} from './load.js';
export { isKeptElsewhere } from './elsewhere.js';
export { replaceFile, replaceIfDifferent } from './folders.js';
export { makeIdentities } from './make.js';
