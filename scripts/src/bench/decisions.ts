import type { JsonWebKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { accessEvent } from '@consent-ledger/chaincode/wire';
import { dataLayout, ledgerId, loadOrganisation, organisationNamed, portsOf } from '@consent-ledger/network';
import type { Consortium } from '../consortium/consortium.js';
import { custodianLedger, type CustodianLedger } from './custodian-ledger.js';
import type { Person } from './population.js';
import { requestSigner } from './requests.js';
import { pooled } from './statistics.js';

/** Signs requests of the requesting member for records of the custodian. */
export type Ask = ReturnType<typeof requestSigner>;

/** A custodian's client, and who asks it. */
export async function connectAs(
  consortium: Consortium,
  custodianName: string,
  requesterName: string,
  oversightName: string,
): Promise<{ ledger: CustodianLedger; ask: Ask }> {
  const { topology, plan, dataDir } = consortium;
  const custodian = await loadOrganisation(dataDir, organisationNamed(topology, custodianName));
  const requester = await loadOrganisation(dataDir, organisationNamed(topology, requesterName));
  const { host } = organisationNamed(topology, custodianName);
  const ledger = custodianLedger({
    organisation: custodian,
    oversightMspId: organisationNamed(topology, oversightName).mspId,
    endpoint: `${host}:${portsOf(plan, custodianName).peer}`,
    channel: topology.channel,
    chaincode: topology.chaincode.name,
  });
  const id = ledgerId(await readFile(dataLayout(dataDir).genesisBlock));
  return { ledger, ask: requestSigner(await requesterOf(requester), custodian.mspId, id) };
}

async function requesterOf(
  organisation: Awaited<ReturnType<typeof loadOrganisation>>,
): Promise<Parameters<typeof requestSigner>[0]> {
  const { signing, encryption } = organisation.gateway;
  return {
    mspId: organisation.mspId,
    signingKid: signing.kid,
    signingJwk: JSON.parse(
      await readFile(organisation.paths.gateway.signing.privateJwk, 'utf8'),
    ) as JsonWebKey,
    encryptionKid: encryption.kid,
  };
}

const REQUESTS_ALONE = 60;

/** Milliseconds from the proposal of one request to its commit on the own peer, one after the other. */
export async function requestsAlone(
  ledger: CustodianLedger,
  ask: Ask,
  people: readonly Person[],
): Promise<number[]> {
  const samples: number[] = [];
  for (const { records } of people.slice(0, REQUESTS_ALONE)) {
    const { jws } = ask(records);
    const started = performance.now();
    await ledger.apply({ command: 'decide', requests: [jws] });
    samples.push(performance.now() - started);
  }
  return samples;
}

/**
 * Decisions (one for each record asked for) that were logged per second, for about `seconds`.
 * Requests are signed beforehand, since that is the requesters' work, on their machines.
 */
export async function decisionRate(
  ledger: CustodianLedger,
  ask: Ask,
  people: readonly Person[],
  batch: number,
  inFlight: number,
  seconds: number,
): Promise<number> {
  const made: { jws: string; jti: string }[] = [];
  const next = people.length;
  // More than any machine of this size decides in the time.
  const wanted = batch === 1 ? 500 * seconds : Math.ceil((2_500 * seconds) / batch) * batch;
  for (let i = 0; i < wanted; i += 1) made.push(ask(people[i % next]?.records ?? []));
  const batches = Array.from({ length: wanted / batch }, (_, i) => made.slice(i * batch, (i + 1) * batch));

  const decided: { jti: string }[] = [];
  const started = performance.now();
  let finished = started;
  await pooled(batches, inFlight, async (requests) => {
    if (performance.now() - started > seconds * 1_000) return;
    await ledger.apply({ command: 'decide', requests: requests.map(({ jws }) => jws) });
    decided.push(...requests);
    finished = performance.now();
  });
  await requirePermits(ledger, decided);
  const records = people[0]?.records.length ?? 0;
  return (decided.length * records) / ((finished - started) / 1_000);
}

/** A benchmark of denials or of nothing would be fast: a sample of the events must be there and permit. */
async function requirePermits(ledger: CustodianLedger, decided: readonly { jti: string }[]): Promise<void> {
  const step = Math.max(1, Math.floor(decided.length / 25));
  for (let i = 0; i < decided.length; i += step) {
    const jti = decided[i]?.jti ?? '';
    const bytes = await ledger.query({ query: 'event', requester: 'LakesideMSP', jti });
    const event = accessEvent.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (event.records.some(({ outcome }) => outcome !== 'permit')) {
      throw new Error(`a request of the benchmark was denied: ${event.records[0]?.code ?? ''}`);
    }
  }
}
