import { readFile } from 'node:fs/promises';
import type { OrganisationLayout } from '../../identities/index.js';

/** PEM of the CA that an organisation's processes are verified by. */
export function tlsCaOf({ layout }: { readonly layout: OrganisationLayout }): Promise<string> {
  return readFile(layout.tlsCa.certificate, 'utf8');
}
