import { signByItself } from '../checkpoints/by-itself.js';
import { forgetAttempts } from '../checkpoints/signed-so-far.js';
import type { CheckpointsOption } from './options.js';
import { aborted } from './signals.js';

/** Waits for the end of a consortium that is up, and has its members sign the checkpoints that are due meanwhile, unless that is not wanted. */
export async function stayUp(
  dataDir: string,
  { checkpoints }: CheckpointsOption,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  await forgetAttempts(dataDir);
  if (checkpoints) await signByItself(dataDir, say, signal);
  else await aborted(signal);
}
