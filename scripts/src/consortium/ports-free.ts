import { once } from 'node:events';
import { createServer } from 'node:net';
import { systemCode, UserError } from '../user-error.js';

export interface Listener {
  readonly port: number;
  /** For a person: `riverside gateway`. */
  readonly use: string;
  readonly host: string;
}

/** Throws a UserError that names the first port that another program holds, and the setting to change. */
export async function requireFreePorts(listeners: readonly Listener[]): Promise<void> {
  for (const listener of listeners) {
    const trouble = await tryListening(listener);
    if (trouble === undefined) continue;
    const { port, use } = listener;
    throw new UserError(
      trouble === 'EADDRINUSE'
        ? `Port ${port} (${use}) is in use by another program: end that, or choose other ports with --port-base.`
        : `Port ${port} (${use}) cannot be opened (${trouble}): choose other ports with --port-base.`,
    );
  }
}

async function tryListening({ port, host }: Listener): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return systemCode(error) ?? String(error);
  } finally {
    server.close();
  }
}
