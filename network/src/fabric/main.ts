/* A consortium's Fabric under one process: `node main.js <configuration.json>`. Prints one line of JSON when it is ready. */
import { prepareConsortium } from '../channel/index.js';
import { portPlan } from '../topology/index.js';
import { consortiumChaincode, consortiumChaincodeProcess } from './chaincode-deployment.js';
import { readFabricConfiguration } from './configuration.js';
import { keepRunning } from './keep-running.js';
import { startFabric } from './start-fabric.js';

function say(event: string, fields: Readonly<Record<string, unknown>> = {}): void {
  process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);
}

/** In one line, for a person. */
function failAndRemember(error: unknown): void {
  process.stderr.write(`fabric: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

async function main(file: string | undefined): Promise<void> {
  if (file === undefined) {
    throw new Error('usage: main.js <configuration.json>');
  }
  const stopping = new AbortController();
  const stop = (): void => {
    stopping.abort(new Error('stopped before it was ready'));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // To be started again with another configuration: what runs is left as it is, and found by the next one.
  process.on('SIGHUP', () => process.exit(0));

  const { topology, portBase, dataDirectory, chaincodeScript, fabricHome, logging } =
    await readFabricConfiguration(file);
  const plan = portPlan(topology, portBase);
  const prepared = await prepareConsortium(topology, plan, dataDirectory);
  const fabric = await startFabric({
    topology,
    plan,
    dataDir: dataDirectory,
    prepared,
    chaincodes: [consortiumChaincode(topology, prepared)],
    chaincodeProcess: (organisation) => consortiumChaincodeProcess(prepared, organisation, chaincodeScript),
    ...(fabricHome === undefined ? {} : { fabricHome }),
    ...(logging === undefined ? {} : { logging }),
    // When this process is killed, the next one finds them as they are.
    outlivesUs: true,
    onProgress: (step) => {
      say('starting', { step });
    },
    signal: stopping.signal,
  });
  say('ready', {
    process: 'ledger',
    peers: Object.fromEntries(
      fabric.organisations.map(({ node }) => [
        node.material.mspId,
        `${node.organisation.host}:${node.ports.peer}`,
      ]),
    ),
  });
  await keepRunning(
    fabric.processes,
    (line) => {
      say('restarting', { line });
    },
    stopping.signal,
  );
  await fabric.stop();
}

main(process.argv[2]).catch(failAndRemember);
