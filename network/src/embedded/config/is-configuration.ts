import { HeaderType, readChannelHeader, readEnvelope, readPayload } from '../../wire-format/index.js';

/** @param transaction Serialised common.Envelope. */
export function isConfiguration(transaction: Buffer): boolean {
  const { header } = readPayload(readEnvelope(transaction).payload);
  return header !== undefined && readChannelHeader(header.channelHeader).type === HeaderType.CONFIG;
}
