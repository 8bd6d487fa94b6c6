import { createServer } from 'node:net';
import { listeners, portPlan, type Topology } from '@consent-ledger/network';

/** A port base whose whole plan is free at the moment. */
export async function freePortBase(topology: Topology): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 20_000 + 100 * Math.floor(Math.random() * 120);
    const free = await Promise.all(listeners(portPlan(topology, base)).map(({ port }) => isFree(port)));
    if (free.every(Boolean)) {
      return base;
    }
  }
  throw new Error('found no free range of ports between 20000 and 32000');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}
