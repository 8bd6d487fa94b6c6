/** What `JSON.parse` lets pass in a text: how deep it goes, and names that come twice. */
export interface JsonSurvey {
  /** Whether brackets nest deeper than was allowed; then the rest has not been looked at. */
  readonly isTooDeep: boolean;
  /** The first key that an object has twice; means nothing where the text is no JSON. */
  readonly repeated: string | undefined;
}

/**
 * Looks through a text once, from front to back and without recursion, so that it can be done before the text is parsed;
 * any text will do.
 */
export function surveyJson(text: string, maxDepth: number): JsonSurvey {
  /** For each bracket that is open the keys of its object, or undefined for an array. */
  const open: (Keys | undefined)[] = [];
  let keys: Keys | undefined;
  let depth = 0;
  let repeated: string | undefined;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) {
      const end = endOfString(text, at);
      if (keys !== undefined && repeated === undefined && isFollowedByColon(text, end)) {
        const key = keyOf(text.slice(at + 1, end - 1));
        if (!keys.add(key)) repeated = key;
      }
      at = end - 1;
    } else if (character === OPEN_BRACE || character === OPEN_BRACKET) {
      depth += 1;
      if (depth > maxDepth) return { isTooDeep: true, repeated };
      open.push(keys);
      keys = character === OPEN_BRACE ? new Keys() : undefined;
    } else if (character === CLOSE_BRACE || character === CLOSE_BRACKET) {
      depth -= 1;
      keys = open.pop();
    }
  }
  return { isTooDeep: false, repeated };
}

/**
 * The first key that an object in a JSON text has twice, or undefined: `JSON.parse` would keep the last of them and drop
 * the others without a word.
 */
export function repeatedKey(json: string): string | undefined {
  return surveyJson(json, Number.POSITIVE_INFINITY).repeated;
}

/** Keys that are compared one by one; with more of them that would take longer than a set does. */
const FEW = 12;

/** The keys of one object so far. */
class Keys {
  readonly #few: string[] = [];
  #many: Set<string> | undefined;

  /** False where the key was there already. */
  add(key: string): boolean {
    if (this.#many === undefined) {
      if (this.#few.includes(key)) return false;
      this.#few.push(key);
      if (this.#few.length === FEW) this.#many = new Set(this.#few);
      return true;
    }
    if (this.#many.has(key)) return false;
    this.#many.add(key);
    return true;
  }
}

/** Index after the closing quote of the string that begins here; the end of the text where there is none. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) return at + 1;
    if (character === BACKSLASH) at += 1;
  }
  return text.length;
}

function isFollowedByColon(text: string, from: number): boolean {
  for (let at = from; ; at += 1) {
    const character = text.charCodeAt(at);
    if (character === COLON) return true;
    if (character !== SPACE && character !== TAB && character !== LINE_FEED && character !== RETURN)
      return false;
  }
}

/** A key may be written in several ways; one that cannot be read stands in a text that is no JSON. */
function keyOf(written: string): string {
  if (!written.includes('\\')) return written;
  try {
    return JSON.parse(`"${written}"`) as string;
  } catch {
    return written;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const SPACE = 0x20;
const TAB = 0x09;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
