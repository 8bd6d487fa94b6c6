import { z } from 'zod';
import { instant, mspId } from '../primitives.js';

/** Public value `epoch`. Every command that writes private values reads it, so none outlives the epoch that it was endorsed in. */
export const epoch = z.strictObject({
  v: z.literal(1),
  /** 1 for the first one. */
  number: z.int().min(1),
  startedAt: instant,
  /** MSP id of the oversight organisation whose gateway began it. */
  by: mspId,
});
export type Epoch = z.infer<typeof epoch>;
