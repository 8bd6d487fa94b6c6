/** What a block's line holds, its texts decoded. */
export interface BlockContent {
  readonly block: number;
  /** common.Envelope of each transaction. */
  readonly data: readonly Buffer[];
  /** common.Metadata with the orderers' signatures. */
  readonly signatures: Buffer;
  /** One protos.TxValidationCode a byte. */
  readonly codes: Buffer;
  /** rwset.TxPvtReadWriteSet of the transactions that have one, with their places. */
  readonly private: readonly { readonly tx: number; readonly set: Buffer }[];
}

/**
 * Reads a block's line in its one encoding, and undefined for everything else, which is for `format.ts` to say what is wrong with. There is only one
 * way to write such a line, so that it is read by its place, each text once: an object made of it, and encoded again to be compared, takes five times as long.
 */
export function readBlockLine(text: string): BlockContent | undefined {
  const cursor = new Cursor(text);
  try {
    const content = contentOf(cursor);
    return cursor.isAtEnd ? content : undefined;
  } catch (error) {
    if (error instanceof OtherEncoding) return undefined;
    throw error;
  }
}

class OtherEncoding extends Error {
  override readonly name = 'OtherEncoding';
}

function contentOf(cursor: Cursor): BlockContent {
  cursor.take('{"block":');
  const block = cursor.number();
  cursor.take(',"codes":');
  const codes = cursor.bytes();
  cursor.take(',"data":');
  const data = cursor.list(() => cursor.bytes());
  cursor.take(',"private":');
  const secrets = cursor.list(() => {
    cursor.take('{"set":');
    const set = cursor.bytes();
    cursor.take(',"tx":');
    const tx = cursor.number();
    cursor.take('}');
    return { set, tx };
  });
  cursor.take(',"signatures":');
  const signatures = cursor.bytes();
  cursor.take('}');
  return { block, codes, data, private: secrets, signatures };
}

class Cursor {
  #at = 0;

  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#at === this.text.length;
  }

  take(expected: string): void {
    if (!this.text.startsWith(expected, this.#at)) throw new OtherEncoding();
    this.#at += expected.length;
  }

  number(): number {
    const digits = /(?:0|[1-9][0-9]{0,15})/y;
    digits.lastIndex = this.#at;
    const [found = ''] = digits.exec(this.text) ?? [];
    const value = Number(found);
    if (found === '' || !Number.isSafeInteger(value)) throw new OtherEncoding();
    this.#at += found.length;
    return value;
  }

  /** Base64url in its one form: what is decoded comes out the same when it is encoded. */
  bytes(): Buffer {
    this.take('"');
    const end = this.text.indexOf('"', this.#at);
    if (end < 0) throw new OtherEncoding();
    const encoded = this.text.slice(this.#at, end);
    const bytes = Buffer.from(encoded, 'base64url');
    if (bytes.toString('base64url') !== encoded) throw new OtherEncoding();
    this.#at = end + 1;
    return bytes;
  }

  list<Item>(item: () => Item): Item[] {
    this.take('[');
    const items: Item[] = [];
    if (this.text.startsWith(']', this.#at)) {
      this.#at += 1;
      return items;
    }
    for (;;) {
      items.push(item());
      if (this.text.startsWith(']', this.#at)) break;
      this.take(',');
    }
    this.#at += 1;
    return items;
  }
}
