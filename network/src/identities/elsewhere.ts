import { exists } from './folders.js';
import { organisationLayout } from './layout.js';

/**
 * Whether an organisation keeps its keys on another machine, and only what others have to know of it lies here: its CA's
 * certificate, but neither the CA's key nor the admin's.
 */
export async function isKeptElsewhere(dataDir: string, name: string): Promise<boolean> {
  const { ca, admin } = organisationLayout(dataDir, name);
  const [isKnown, ...keys] = await Promise.all([ca.certificate, ca.key, admin.identity.key].map(exists));
  return isKnown === true && !keys.includes(true);
}
