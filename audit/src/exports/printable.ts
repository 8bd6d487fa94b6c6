/** What the standard fonts of PDF have beyond Latin-1 (PDF 32000-1, annex D: WinAnsiEncoding). */
const WIN_ANSI: ReadonlySet<string> = new Set('€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ');

/**
 * Text that the fonts of the report can show: a letter that they lack stands without its marks, and a question mark for what has no such
 * letter. JSON and CSV have it as it is.
 */
export function printable(text: string): string {
  return Array.from(text, shown).join('');
}

function shown(character: string): string {
  if (has(character)) return character;
  const plain = Array.from(character.normalize('NFKD')).filter(has).join('');
  return plain === '' ? '?' : plain;
}

function has(character: string): boolean {
  const code = character.codePointAt(0) ?? 0;
  return (
    (code >= 0x20 && code < 0x7f) ||
    (code >= 0xa0 && code <= 0xff) ||
    code === 0x0a ||
    WIN_ANSI.has(character)
  );
}
