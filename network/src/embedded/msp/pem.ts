/** The content of the first PEM block, whatever its label says, as Go's decoder reads it; undefined without one. */
export function pemBlock(bytes: Uint8Array): Buffer | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const body = /-----BEGIN [^-\n]*-----([^-]*)-----END [^-\n]*-----/.exec(text)?.[1];
  // Lines such as "Name: value" are headers.
  return body === undefined ? undefined : Buffer.from(body.replace(/^[^\n]*:[^\n]*$/gm, ''), 'base64');
}
