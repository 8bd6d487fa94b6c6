import { keepBundle, type KeepBundleOptions } from '../../usecases/bundles/keep-bundle.js';
import { readBundle } from '../../usecases/bundles/read-bundle.js';
import type { HandlersOf } from '../handlers.js';
import { parseJson, readBytes } from '../json-body.js';
import { Refusal } from '../../usecases/refusal.js';

const MEDIA_TYPES = ['application/fhir+json', 'application/json'];

/** Many records come in at once. */
export function bundleHandlers(
  options: KeepBundleOptions & { readonly bundleBytes: number },
): HandlersOf<'putBundle'> {
  return {
    putBundle: async ({ query, request }) => {
      const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
      const isPlain = (request.headers['content-encoding'] ?? 'identity') === 'identity';
      if (!MEDIA_TYPES.includes(type) || !isPlain) throw new Refusal('media-type-unsupported');
      const bytes = await readBytes(request, options.bundleBytes);
      const bundle = readBundle(parseJson(bytes), bytes.toString('utf8'));
      const { entries, isNew, transaction, block } = await keepBundle(
        bundle,
        {
          subjects: [...new Set(query.subject)],
          reason: query.reason,
          prefix: query.prefix,
          labels: query.label === undefined ? undefined : [...new Set(query.label)],
          isComplete: query.complete === 'true',
          isPartial: query.partial === 'true',
        },
        options,
      );
      return {
        status: isNew ? 201 : 200,
        body: {
          entries,
          ...(transaction === undefined ? {} : { transaction }),
          ...(block === undefined ? {} : { block }),
        },
      };
    },
  };
}
