/** The purposes of v3 ActReason that are met most, for people. */
const WORDS: Readonly<Record<string, string>> = {
  TREAT: 'treatment',
  ETREAT: 'emergency treatment',
  BTG: 'emergency (break the glass)',
  HPAYMT: 'payment',
  HOPERAT: 'healthcare operations',
  HRESCH: 'research',
  CLINTRL: 'clinical trial',
  PUBHLTH: 'public health',
  POPHLTH: 'population health',
  HMARKT: 'marketing',
  PATRQT: 'at the patient’s request',
  FAMRQT: 'at the family’s request',
  HLEGAL: 'legal',
};

/** Each code with its words, where there are any. */
export function purposeInWords(text: string): string {
  return text
    .split(', ')
    .map((code) => (WORDS[code] === undefined ? code : `${WORDS[code]} [${code}]`))
    .join(', ');
}
