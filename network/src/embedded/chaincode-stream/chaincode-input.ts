import { encodeMessage, ProtoReader } from '../../wire-format/index.js';

/** protos.ChaincodeInput */
export interface ChaincodeInput {
  readonly args: readonly Buffer[];
  readonly isInit: boolean;
}

/** Without decorations: a client's are dropped, as in Fabric. */
export function encodeInput(input: ChaincodeInput): Buffer {
  return encodeMessage((writer) => {
    for (const arg of input.args) {
      writer.present(1, arg);
    }
    writer.bool(3, input.isInit);
  });
}

export function decodeInput(bytes: Buffer): ChaincodeInput {
  const reader = new ProtoReader(bytes);
  const args: Buffer[] = [];
  let isInit = false;
  for (let tag = reader.next(); tag !== 0; tag = reader.next()) {
    switch (tag) {
      case 0x0a:
        args.push(reader.bytes());
        break;
      case 0x18:
        isInit = reader.bool();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { args, isInit };
}
