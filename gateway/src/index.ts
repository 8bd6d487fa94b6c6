export {
  ConfigurationError,
  loadConfiguration,
  parseConfiguration,
  type LoadedConfiguration,
} from './config/load.js';
export type { Configuration, ConfigurationInput, Member } from './config/schema.js';
