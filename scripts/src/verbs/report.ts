import { z } from 'zod';

/** What a detached supervisor tells the process that started it. */
export const reportSchema = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ failed: z.string(), exitCode: z.int() }),
]);
export type Report = z.output<typeof reportSchema>;

/** Tells the process that started us detached, if one did, that we are ready. */
export function reportToParent(answer: Report = { ready: true }): boolean {
  return process.connected && (process.send?.(answer) ?? false);
}
