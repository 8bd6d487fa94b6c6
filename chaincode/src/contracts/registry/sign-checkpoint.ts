import { verify, X509Certificate } from 'node:crypto';
import { encodeBase64Url } from '../../wire/base64url.js';
import { parseCheckpoint } from '../../wire/checkpoint.js';
import type { CommandOf } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';

/**
 * Keeps what a member has signed of the history up to a block, where every member reads it. One text for each member and block,
 * for ever, so that nobody can say one thing to one and another to another. The same again is no error.
 *
 * Whether the text is true is for every member to work out: endorsers see keys, and no blocks.
 *
 * @throws Refusal `checkpoint-other-ledger`, `member-unknown`, `checkpoint-signed-otherwise`, `checkpoint-signature-invalid`
 */
export async function signCheckpoint(
  { caller, publicState, stub }: Call,
  { checkpoint: text, signature }: CommandOf<'sign-checkpoint'>,
): Promise<void> {
  const checkpoint = parseCheckpoint(text);
  if (checkpoint === undefined) throw new Refusal('command-malformed', ['$.checkpoint']);
  const ledger = await publicState.ledger();
  if (ledger?.id !== checkpoint.ledger) throw new Refusal('checkpoint-other-ledger');
  if ((await publicState.member(caller.mspId)) === undefined) throw new Refusal('member-unknown');
  const existing = await publicState.checkpoint(checkpoint.block, caller.mspId);
  if (existing?.checkpoint === text) return;
  if (existing !== undefined) throw new Refusal('checkpoint-signed-otherwise');
  const certificate = new X509Certificate(stub.getCreator().idBytes);
  if (!verify('sha256', Buffer.from(text), certificate.publicKey, Buffer.from(signature, 'base64url')))
    throw new Refusal('checkpoint-signature-invalid');
  publicState.putCheckpoint(checkpoint.block, {
    v: 1,
    mspId: caller.mspId,
    checkpoint: text,
    certificate: encodeBase64Url(certificate.raw),
    signature,
  });
}
