import type { ConsentVersion } from '../../usecases/consent-versions.js';
import { resourceOf } from './consent-resource.js';
import { entityTagOf } from './entity-tags.js';

export interface Links {
  readonly self: string;
  readonly next?: string;
}

export function searchBundle(
  base: string,
  found: readonly ConsentVersion[],
  page: { readonly total: number; readonly links: Links; readonly warnings: object | undefined },
): object {
  const { total, links, warnings } = page;
  const entries = [
    ...found.map((version) => ({
      fullUrl: `${base}/Consent/${version.consent}`,
      resource: resourceOf(version),
      search: { mode: 'match' },
    })),
    ...(warnings === undefined ? [] : [{ resource: warnings, search: { mode: 'outcome' } }]),
  ];
  return bundle('searchset', total, links, entries);
}

/** Newest first, each with the call that made it (R4 and R5, 3.1.0.13). */
export function historyBundle(
  base: string,
  versions: readonly ConsentVersion[],
  total: number,
  links: Links,
): object {
  const entries = versions.map((version) => ({
    fullUrl: `${base}/Consent/${version.consent}`,
    resource: resourceOf(version),
    request:
      version.version === 1
        ? { method: 'POST', url: 'Consent' }
        : { method: 'PUT', url: `Consent/${version.consent}` },
    response: {
      status: version.version === 1 ? '201' : '200',
      etag: entityTagOf(version.version),
      lastModified: version.at,
    },
  }));
  return bundle('history', total, links, entries);
}

/** FHIR knows no empty lists, so a bundle without entries has none. */
function bundle(type: string, total: number, links: Links, entry: readonly object[]): object {
  return {
    resourceType: 'Bundle',
    type,
    timestamp: new Date().toISOString(),
    total,
    link: Object.entries(links).map(([relation, url]) => ({ relation, url: url as string })),
    ...(entry.length === 0 ? {} : { entry }),
  };
}
