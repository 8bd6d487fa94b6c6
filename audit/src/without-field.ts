/**
 * A protobuf message without one of its fields, for who does not want what is in it: to read over a field takes a hundredth of taking it apart.
 * A message that cannot be walked is given back as it is, so that whoever reads it refuses it.
 * Source: protobuf's wire format (a tag of field number and wire type before each field).
 *
 * @param field number of a field that is a message, a text or bytes
 */
export function withoutField(message: Uint8Array, field: number): Uint8Array {
  const kept: Uint8Array[] = [];
  let from = 0;
  let at = 0;
  while (at < message.length) {
    const start = at;
    const tag = varint(message, at);
    const end = tag === undefined ? undefined : endOf(message, tag.value & 7, tag.end);
    if (tag === undefined || end === undefined || end > message.length) return message;
    if (tag.value >>> 3 === field && (tag.value & 7) === LENGTH_DELIMITED) {
      if (start > from) kept.push(message.subarray(from, start));
      from = end;
    }
    at = end;
  }
  if (from === 0) return message;
  if (from < message.length) kept.push(message.subarray(from));
  return kept.length === 1 && kept[0] !== undefined ? kept[0] : Buffer.concat(kept);
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

function endOf(message: Uint8Array, wireType: number, at: number): number | undefined {
  if (wireType === VARINT) return varint(message, at)?.end;
  if (wireType === FIXED64) return at + 8;
  if (wireType === FIXED32) return at + 4;
  if (wireType !== LENGTH_DELIMITED) return undefined;
  const length = varint(message, at);
  return length && length.end + length.value;
}

/** Up to 28 bits, which is more than any of a block's messages is long; undefined for longer ones, and where the bytes end. */
function varint(
  message: Uint8Array,
  at: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let place = 0; place < 4; place += 1) {
    const byte = message[at + place];
    if (byte === undefined) return undefined;
    value |= (byte & 0x7f) << (7 * place);
    if (byte < 0x80) return { value, end: at + place + 1 };
  }
  return undefined;
}
