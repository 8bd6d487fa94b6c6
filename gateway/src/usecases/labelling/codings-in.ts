import type { Coding } from '@consent-ledger/chaincode/domain';

/**
 * Every coding anywhere in a FHIR resource: in concepts, extensions, components, contained resources. Labels and tags in `meta` are
 * none of what a resource is about.
 */
export function codingsIn(resource: unknown): readonly Coding[] {
  const found = new Map<string, Coding>();
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (typeof value === 'object' && value !== null) {
      const { system, code } = value as { system?: unknown; code?: unknown };
      if (isWord(system) && isWord(code)) found.set(`${system}|${code}`, { system, code });
      for (const [name, inner] of Object.entries(value)) if (name !== 'meta') walk(inner);
    }
  };
  walk(resource);
  return [...found.values()];
}

function isWord(text: unknown): text is string {
  return typeof text === 'string' && /^[!-~]{1,256}$/.test(text);
}
