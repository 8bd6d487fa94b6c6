import type { FhirResource } from '@consent-ledger/chaincode/wire';
import type { FhirRelease } from '../../ports/consent-index.js';
import type { ConsentVersion } from '../../usecases/consent-versions.js';
import type { Reply } from '../handlers.js';
import { entityTagOf } from './entity-tags.js';
import { contentTypeOf } from './negotiate.js';

/** What the server says of a resource by itself (R4 and R5, 3.1.0.8). */
const SERVERS = ['versionId', 'lastUpdated'];

/** The text that was filed, with what the ledger knows of this version. */
export function resourceOf({ consent, version, resource, at }: ConsentVersion): FhirResource {
  const { resourceType = 'Consent' } = resource;
  return {
    resourceType,
    id: consent,
    meta: { ...metaOf(resource), versionId: `${version}`, lastUpdated: at },
    ...without(resource, ['resourceType', 'id', 'meta']),
  };
}

/** What is filed of a resource: all but what is the server's to say. */
export function withoutServerMeta(resource: FhirResource): FhirResource {
  const meta = metaOf(resource);
  if (meta === undefined) return resource;
  const kept = without(meta, SERVERS);
  const rest = without(resource, ['meta']);
  return Object.keys(kept).length === 0 ? rest : { ...rest, meta: kept };
}

function metaOf({ meta }: FhirResource): FhirResource | undefined {
  return typeof meta === 'object' && meta !== null && !Array.isArray(meta)
    ? (meta as FhirResource)
    : undefined;
}

function without(resource: FhirResource, names: readonly string[]): FhirResource {
  return Object.fromEntries(Object.entries(resource).filter(([name]) => !names.includes(name)));
}

export function versionHeaders(
  release: FhirRelease,
  { version, at }: ConsentVersion,
): Record<string, string> {
  return {
    'Content-Type': contentTypeOf(release),
    ETag: entityTagOf(version),
    'Last-Modified': new Date(at).toUTCString(),
  };
}

export function replyWith(release: FhirRelease, body: object, status = 200): Reply {
  return { status, headers: { 'Content-Type': contentTypeOf(release) }, body };
}
