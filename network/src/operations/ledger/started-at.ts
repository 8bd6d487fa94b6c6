import { OPERATIONS_HOST } from '../../fabric/fabric-node.js';

/** When a peer or orderer was started, from its metrics. Rejects when it does not answer. */
export async function startedAt(operationsPort: number): Promise<Date> {
  const seconds = (await metrics(operationsPort)).get('process_start_time_seconds');
  if (seconds === undefined) throw new Error('its metrics do not say when it was started');
  return new Date(seconds * 1_000);
}

/** The numbers of a peer or orderer by name and labels, in Prometheus's text format. */
export async function metrics(operationsPort: number): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`http://${OPERATIONS_HOST}:${operationsPort}/metrics`, {
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`/metrics answers ${response.status}`);
  const found = new Map<string, number>();
  for (const line of (await response.text()).split('\n')) {
    const [, name, value] = /^([a-zA-Z_:][^ ]*(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) found.set(name, Number(value));
  }
  return found;
}
