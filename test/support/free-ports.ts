import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ranges from which systems hand out ports of their own accord. */
const [LOWEST, HIGHEST] = [10_000, 32_000];

/** The first of `count` neighbouring ports that nobody holds now. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 50; tries += 1) {
    const base = randomInt(LOWEST / 100, HIGHEST / 100) * 100;
    if (await areFree(base, count)) return base;
  }
  throw new Error(`no ${count} neighbouring free ports were found`);
}

async function areFree(base: number, count: number): Promise<boolean> {
  for (let port = base; port < base + count; port += 1) {
    const server = createServer().listen({ port, host: '127.0.0.1', exclusive: true });
    try {
      await once(server, 'listening');
    } catch {
      return false;
    } finally {
      server.close();
    }
  }
  return true;
}
