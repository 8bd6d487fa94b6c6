export interface Preferences {
  readonly result: 'minimal' | 'representation' | 'OperationOutcome';
  /** Whether parameters that are not known are refused, and not left out. */
  readonly isStrict: boolean;
}

/**
 * `Prefer` as FHIR uses it (R4 and R5, 3.1.0.1.10 and 3.1.1.1). A preference that is not understood is no preference (RFC
 * 7240 section 2).
 */
export function preferencesOf(header: string | undefined): Preferences {
  const words = new Map(
    (header ?? '').split(/[,;]/).map((part) => {
      const [name = '', value = ''] = part.split('=').map((text) => text.trim().replaceAll('"', ''));
      return [name.toLowerCase(), value] as const;
    }),
  );
  const result = words.get('return');
  return {
    result: result === 'minimal' || result === 'OperationOutcome' ? result : 'representation',
    isStrict: words.get('handling') === 'strict',
  };
}
