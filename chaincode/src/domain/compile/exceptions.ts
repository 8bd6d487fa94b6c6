import type { CompiledProvision, Criteria, ProvisionKind } from '../policy.js';
import { readCriteria } from './provision.js';
import type { Json, Reader } from './reader.js';

/** Deeper than any consent needs, and shallow enough for every stack. */
const MAX_DEPTH = 100;

/** How one dialect nests its provisions. */
export interface Nesting {
  readonly purposeSystems: readonly string[];
  /** What kind a provision inside one of this kind is; undefined where it could not be read. */
  kindOf(provision: Json, path: string, parent: ProvisionKind): ProvisionKind | undefined;
  /** What the provision constrains, given what it states itself. */
  complete(stated: Criteria, kind: ProvisionKind): Criteria;
  /** The deepest level of exceptions, 1 for exceptions without any of their own; undefined for any. */
  readonly levels?: number;
}

/** The provisions inside `json`, each with its own exceptions. */
export function readExceptions(
  reader: Reader,
  json: Json,
  path: string,
  parent: ProvisionKind,
  nesting: Nesting,
  depth = 1,
): readonly CompiledProvision[] {
  return reader.entries(json, path, 'provision').flatMap(({ value, path: at }) => {
    if (depth > (nesting.levels ?? MAX_DEPTH)) {
      reader.refuse(
        at,
        nesting.levels === undefined
          ? `lies deeper than ${MAX_DEPTH} levels`
          : 'is an exception to an exception, which this profile does not have',
      );
      return [];
    }
    const provision = reader.backbone(value, at, 'Consent.provision');
    if (provision === undefined) return [];
    const kind = nesting.kindOf(provision, at, parent);
    if (kind === undefined) return [];
    const stated = readCriteria(reader, provision, at, kind, nesting.purposeSystems);
    const period = Object.hasOwn(provision, 'period')
      ? reader.period(provision['period'], `${at}.period`)
      : undefined;
    return [
      {
        kind,
        path: at,
        ...(period === undefined ? {} : { period }),
        criteria: nesting.complete(stated, kind),
        exceptions: readExceptions(reader, provision, at, kind, nesting, depth + 1),
      },
    ];
  });
}
