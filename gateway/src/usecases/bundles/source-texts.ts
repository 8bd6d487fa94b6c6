const SPACE = /\s*/y;
const SCALAR = /[^,\]}\s]+/y;
const BRACKET_OR_QUOTE = /["{}[\]]/g;

/**
 * The text of each `entry[n].resource` of a FHIR Bundle, exactly as it came: a parser would lose the digits of decimals, which in FHIR
 * say how precise a value is. `json` has been parsed before, and so is JSON, with an object at its top. Undefined where there is none.
 */
export function resourceTexts(json: string): readonly (string | undefined)[] {
  const entries = memberAt(json, skipSpace(json, 0), 'entry');
  if (entries === undefined || json[entries] !== '[') return [];
  const texts: (string | undefined)[] = [];
  for (let at = skipSpace(json, entries + 1); json[at] !== ']' && at < json.length;) {
    const resource = json[at] === '{' ? memberAt(json, at, 'resource') : undefined;
    texts.push(resource === undefined ? undefined : json.slice(resource, endOfValue(json, resource)));
    at = afterComma(json, endOfValue(json, at));
  }
  return texts;
}

/** Where the value of a member of the object at `open` begins. */
function memberAt(json: string, open: number, name: string): number | undefined {
  for (let at = skipSpace(json, open + 1); json[at] === '"';) {
    const end = endOfString(json, at);
    const value = skipSpace(json, skipSpace(json, end) + 1);
    if (JSON.parse(json.slice(at, end)) === name) return value;
    at = afterComma(json, endOfValue(json, value));
  }
  return undefined;
}

function endOfValue(json: string, start: number): number {
  if (json[start] === '"') return endOfString(json, start);
  if (json[start] !== '{' && json[start] !== '[') {
    SCALAR.lastIndex = start;
    SCALAR.test(json);
    return SCALAR.lastIndex;
  }
  let depth = 0;
  BRACKET_OR_QUOTE.lastIndex = start;
  for (let token = BRACKET_OR_QUOTE.exec(json); token !== null; token = BRACKET_OR_QUOTE.exec(json)) {
    const [character] = token;
    if (character === '"') BRACKET_OR_QUOTE.lastIndex = endOfString(json, token.index);
    else if (character === '{' || character === '[') depth += 1;
    else if ((depth -= 1) === 0) return token.index + 1;
  }
  return json.length;
}

function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

function afterComma(json: string, at: number): number {
  const next = skipSpace(json, at);
  return json[next] === ',' ? skipSpace(json, next + 1) : next;
}

function skipSpace(json: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.test(json);
  return SPACE.lastIndex;
}
