import { readExceptions } from './exceptions.js';
import type { Body } from './r4.js';
import type { Json, Reader } from './reader.js';

const KINDS = ['permit', 'deny'] as const;

/** R5: `decision` is the base, and provisions are exceptions to it, each level the opposite of the one above. */
export function readR5Body(
  reader: Reader,
  consent: Json,
  purposeSystems: readonly string[],
): Body | undefined {
  if (!Object.hasOwn(consent, 'decision')) {
    reader.refuse('Consent.decision', 'is missing', [
      'the consent permits, and its provisions deny',
      'the consent denies, and its provisions permit',
    ]);
    return undefined;
  }
  const base = reader.code(consent['decision'], 'Consent.decision', KINDS);
  if (base === undefined) return undefined;
  return {
    dialect: 'r5',
    base,
    basePath: 'Consent.decision',
    period: Object.hasOwn(consent, 'period') ? reader.period(consent['period'], 'Consent.period') : undefined,
    coverage: {},
    exceptions: readExceptions(reader, consent, 'Consent', base, {
      purposeSystems,
      kindOf: (_provision, _path, parent) => (parent === 'permit' ? 'deny' : 'permit'),
      complete: (stated) => stated,
    }),
  };
}
