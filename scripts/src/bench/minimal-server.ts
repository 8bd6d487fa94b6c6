import { z } from 'zod';

/** Environment variable with what a server of the minimal chaincode is started with, as JSON. */
export const MINIMAL_SERVER = 'MINIMAL_CHAINCODE_SERVER';

export const minimalServer = z.strictObject({
  /** Id of the package that it serves. */
  ccid: z.string().min(1),
  /** host:port to listen on */
  address: z.string().min(1),
  /** Files. */
  key: z.string().min(1),
  certificate: z.string().min(1),
  clientCa: z.string().min(1),
});
export type MinimalServer = z.output<typeof minimalServer>;
