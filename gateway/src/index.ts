export {
  ConfigurationError,
  loadConfiguration,
  parseConfiguration,
  type LoadedConfiguration,
} from './config/load.js';
export type { Configuration, ConfigurationInput, Member } from './config/schema.js';
export { readProfileFile } from './adapters/profiles/read-profile-file.js';
export { namedProfile, RESEARCH_PROFILE, researchProfileNamed } from './pseudonymising/research-profile.js';
