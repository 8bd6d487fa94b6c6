/** A real gateway, in a process of its own, with faults at its seams: `gateway-process.js CONFIGURATION-FILE`. */
import { readFileSync } from 'node:fs';
import { thumbprintOf, type PublicJwk } from '@consent-ledger/chaincode/wire';
import { loadConfiguration } from '@consent-ledger/gateway';
import { createLogger } from '@consent-ledger/gateway/internal/adapters/pino-logger';
import { startGateway } from '@consent-ledger/gateway/internal/composition/gateway';
import { cheating } from './cheating.js';
import type { Cheat, Order, Report } from './plan.js';
import { Stepping } from './stepping.js';
import { moody, type Mood } from './unreliable-ledger.js';

const loaded = loadConfiguration(process.argv[2] ?? '');
const mood: Mood = { lagMs: 0, isWithholding: false, isRepeating: false };
let cheat: Cheat | undefined;
let offsetMs = 0;
const goOn: (() => void)[] = [];

const report = (what: Report): void => {
  process.send?.(what);
};
const stepping = new Stepping({
  reached: (boundary) => {
    report({ report: 'reached', boundary });
  },
  released: () => new Promise((resolve) => goOn.push(resolve)),
});

process.on('message', (order: Order) => void take(order));

async function take(order: Order): Promise<void> {
  switch (order.order) {
    case 'faults':
      stepping.plan(order.faults);
      break;
    case 'idle':
      await stepping.idle();
      break;
    case 'go-on':
      for (const one of goOn.splice(0)) one();
      break;
    case 'cheat':
      ({ cheat } = order);
      break;
    case 'clock':
      ({ offsetMs } = order);
      break;
    case 'lag':
      mood.lagMs = order.milliseconds;
      break;
    case 'withhold':
      mood.isWithholding = order.isWithholding;
      break;
    case 'repeat':
      mood.isRepeating = order.isRepeating;
      break;
  }
  report({ report: 'taken' });
}
process.on('disconnect', () => process.exit());

const { kty, crv, x, y } = JSON.parse(
  readFileSync(loaded.configuration.keys.encryption, 'utf8'),
) as PublicJwk;
const recipient = { kid: thumbprintOf({ kty, crv, x, y }), jwk: { kty, crv, x, y } };
const onKeys = (event: string, records: readonly string[]): void => {
  report({ report: 'keys', event, records });
};

const gateway = await startGateway(loaded, createLogger('warn'), {
  journal: (port) => stepping.between('journal', port),
  ledger: (port) => stepping.between('ledger', moody(port, mood)),
  outbox: (port) => stepping.between('outbox', port),
  peers: (port) =>
    stepping.between(
      'peers',
      cheating(port, () => cheat, recipient, onKeys),
    ),
  records: (port) => stepping.between('records', port),
  spool: (port) => stepping.between('spool', port),
  vault: (port) => stepping.between('vault', port),
  now: () => Date.now() + offsetMs,
});
await gateway.ready;
process.once('SIGTERM', () => void gateway.close().then(() => process.exit(0)));
process.stdout.write('{"event":"ready"}\n');
