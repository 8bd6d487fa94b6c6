import type { FhirResource } from '@consent-ledger/chaincode/wire';
import type { FhirRelease } from '../../ports/consent-index.js';
import type { ConsentVersion } from '../../usecases/consent-versions.js';
import type { Reply } from '../handlers.js';
import { entityTagOf } from './entity-tags.js';
import { contentTypeOf } from './negotiate.js';

/** The text that was filed, with what the ledger knows of this version. */
export function resourceOf({ consent, version, resource, at }: ConsentVersion): FhirResource {
  const { resourceType, id: _id, meta, ...rest } = resource;
  const kept = typeof meta === 'object' && meta !== null && !Array.isArray(meta) ? meta : {};
  return {
    resourceType: resourceType ?? 'Consent',
    id: consent,
    meta: { ...kept, versionId: `${version}`, lastUpdated: at },
    ...rest,
  };
}

/** `versionId` and `lastUpdated` are the server's (R4 and R5, 3.1.0.8); what is filed is the rest. */
export function withoutServerMeta(resource: FhirResource): FhirResource {
  const { meta, ...rest } = resource;
  if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) return resource;
  const { versionId: _versionId, lastUpdated: _lastUpdated, ...kept } = meta as FhirResource;
  return Object.keys(kept).length === 0 ? rest : { ...rest, meta: kept };
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
