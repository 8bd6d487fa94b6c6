export { loadTopology, parseOrganisation, parseTopology } from './load.js';
export {
  custodians,
  custodyOf,
  formerOrganisations,
  isCustodian,
  isOversight,
  leaderTimeout,
  orderingOrganisations,
  organisationNamed,
  oversight,
  sponsors,
  type Custody,
  type FormerOrganisation,
  type Ordering,
  type Organisation,
  type OrganisationKind,
  type PortUse,
  type Topology,
} from './model.js';
export { filesOf, notificationSettings, type Passkeys } from './people.js';
export { studyAlertSettings } from './study-alerts.js';
export { keyStoreSettings, recordFilesOf, recordSettings } from './stores.js';
export {
  DEFAULT_PORT_BASE,
  listeners,
  PortPlanError,
  portPlan,
  portsOf,
  SHARED_HOST,
  type Listener,
  type OrganisationPorts,
  type PortPlan,
} from './ports.js';
export { TopologyError, type TopologyProblem } from './problems.js';
