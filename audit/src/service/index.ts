export { createAuditApp, type ServiceOptions } from './app.js';
export { auditorsOnly } from './tokens.js';
