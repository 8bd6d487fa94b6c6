/**
 * First and last letters of what the fonts of the report have: Latin with all its accents, Greek, Cyrillic, punctuation, euro and trade mark. In DejaVu
 * Sans 2.37 nothing that is assigned within these is missing.
 */
const RANGES: readonly (readonly [number, number])[] = [
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x2c6, 0x2dd],
  [0x370, 0x4ff],
  [0x1e00, 0x1efb],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x20ac, 0x20ac],
  [0x2122, 0x2122],
];

/**
 * Text that the fonts of the report can show: a letter that they lack stands without its marks, and a question mark for what has no such
 * letter. JSON and CSV have it as it is.
 */
export function printable(text: string): string {
  return Array.from(text.normalize('NFC'), shown).join('');
}

function shown(character: string): string {
  if (has(character)) return character;
  const plain = Array.from(character.normalize('NFKD')).filter(has).join('');
  return plain === '' ? '?' : plain;
}

function has(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    code === 0x0a ||
    (RANGES.some(([first, last]) => first <= code && code <= last) && /^\P{Cn}$/u.test(character))
  );
}
