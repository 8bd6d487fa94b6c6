import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The repository's root, seen from the compiled tests. */
export const repository = join(import.meta.dirname, '..', '..', '..', '..');

interface Concept {
  readonly code: string;
  readonly property: readonly { readonly code: string; readonly valueCode?: string }[];
}

/** Parents by code, as the published code system says. */
function parentsIn(file: string): ReadonlyMap<string, readonly string[]> {
  const { concept } = JSON.parse(readFileSync(join(repository, 'scripts', 'terminology', file), 'utf8')) as {
    readonly concept: readonly Concept[];
  };
  return new Map(
    concept.map(({ code, property }) => [
      code,
      property.flatMap((one) => (one.code === 'subsumedBy' ? [one.valueCode ?? ''] : [])),
    ]),
  );
}

const actReason = parentsIn('CodeSystem-v3-ActReason.json');
const actCode = parentsIn('CodeSystem-v3-ActCode.json');

function isOrDescends(tree: ReadonlyMap<string, readonly string[]>, code: string, from: string): boolean {
  return code === from || (tree.get(code) ?? []).some((parent) => isOrDescends(tree, parent, from));
}

export const purposeIs = (code: string, from: string): boolean => isOrDescends(actReason, code, from);
export const sensitivityIs = (code: string, from: string): boolean => isOrDescends(actCode, code, from);

export const allPurposes = [...actReason.keys()].filter(
  (code) => code !== 'PurposeOfUse' && purposeIs(code, 'PurposeOfUse'),
);
export const allSensitivities = [...actCode.keys()].filter(
  (code) => code !== '_InformationSensitivityPolicy' && sensitivityIs(code, '_InformationSensitivityPolicy'),
);
