const QUOTE = '"';
const TOKEN = /["{}[\]]/g;
const KEY_END = /\s*:/y;

/**
 * The first key that an object in a JSON text has twice, or undefined: `JSON.parse` would keep the last of them and drop
 * the others without a word. The text has been parsed before, and so is JSON.
 */
export function repeatedKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  TOKEN.lastIndex = 0;
  for (let token = TOKEN.exec(json); token !== null; token = TOKEN.exec(json)) {
    const [character] = token;
    if (character === '{') open.push(new Set());
    else if (character === '[') open.push(undefined);
    else if (character !== QUOTE) open.pop();
    else {
      const end = endOfString(json, token.index);
      TOKEN.lastIndex = end;
      KEY_END.lastIndex = end;
      if (!KEY_END.test(json)) continue;
      const text = json.slice(token.index, end);
      const key = text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
      const keys = open.at(-1);
      if (keys?.has(key) === true) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

/** Index after the closing quote of the string that begins here. */
function endOfString(json: string, start: number): number {
  let end = json.indexOf(QUOTE, start + 1);
  while (isEscaped(json, end)) end = json.indexOf(QUOTE, end + 1);
  return end + 1;
}

function isEscaped(json: string, at: number): boolean {
  let backslashes = 0;
  while (json[at - backslashes - 1] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}
