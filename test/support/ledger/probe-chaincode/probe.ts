import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaincodeInterface, ChaincodeResponse, ChaincodeStub, Iterators } from 'fabric-shim';
import { KeyEndorsementPolicy } from 'fabric-shim';
import type { ProbeOperation, ProbeResult, TransactionView } from './operations.js';
import { getMany, writeBatch, type BatchRecord } from './state-messages.js';

/** Thrown by `respond`, to end the transaction at once. */
class Respond extends Error {
  constructor(readonly response: ChaincodeResponse) {
    super(response.message);
  }
}

/** Does what the arguments say, and nothing by itself. */
export class Probe implements ChaincodeInterface {
  Init(): Promise<ChaincodeResponse> {
    return Promise.resolve(success([]));
  }

  async Invoke(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    const [, operations] = stub.getStringArgs();
    try {
      return success(await runAll(stub, JSON.parse(operations ?? '[]') as ProbeOperation[]));
    } catch (error) {
      if (error instanceof Respond) {
        return error.response;
      }
      return {
        status: 500,
        message: error instanceof Error ? error.message : String(error),
        payload: Buffer.alloc(0),
      };
    }
  }
}

function success(results: readonly ProbeResult[]): ChaincodeResponse {
  return { status: 200, message: '', payload: Buffer.from(JSON.stringify(results)) };
}

async function runAll(stub: ChaincodeStub, operations: readonly ProbeOperation[]): Promise<ProbeResult[]> {
  const results: ProbeResult[] = [];
  for (const operation of operations) {
    results.push(await run(stub, operation));
  }
  return results;
}

async function run(stub: ChaincodeStub, operation: ProbeOperation): Promise<ProbeResult> {
  switch (operation.op) {
    case 'get':
      return text(
        await (operation.collection === undefined
          ? stub.getState(operation.key)
          : stub.getPrivateData(operation.collection, operation.key)),
      );
    case 'put':
      return put(stub, operation.key, operation.value.repeat(operation.fill ?? 1), operation.collection);
    case 'putTransient':
      return put(stub, operation.key, text(stub.getTransient().get(operation.field)), operation.collection);
    case 'delete':
      return operation.collection === undefined
        ? stub.deleteState(operation.key)
        : stub.deletePrivateData(operation.collection, operation.key);
    case 'purge':
      return stub.purgePrivateData(operation.collection, operation.key);
    case 'hash':
      return Buffer.from(await stub.getPrivateDataHash(operation.collection, operation.key)).toString('hex');
    case 'getMany':
      return (await getMany(stub, operation.keys, operation.collection)).map(text);
    case 'writeBatch':
      return writeBatch(stub, operation.records.map(withBytes));
    case 'putMany':
      for (let i = 0; i < operation.count; i++) {
        await put(stub, `${operation.prefix}${String(i).padStart(3, '0')}`, `v${i}`);
      }
      return operation.count;
    case 'range':
      return entries(
        operation.collection === undefined
          ? stub.getStateByRange(operation.start, operation.end)
          : stub.getPrivateDataByRange(operation.collection, operation.start, operation.end),
        operation.limit,
      );
    case 'page':
      return page(stub, operation);
    case 'putComposite':
      return put(stub, stub.createCompositeKey(operation.type, [...operation.attributes]), operation.value);
    case 'partialComposite':
      return entries(
        operation.collection === undefined
          ? stub.getStateByPartialCompositeKey(operation.type, [...operation.attributes])
          : stub.getPrivateDataByPartialCompositeKey(operation.collection, operation.type, [
              ...operation.attributes,
            ]),
      );
    case 'history':
      return history(stub, operation.key);
    case 'query':
      return entries(stub.getQueryResult(operation.query));
    case 'setPolicy':
      return setPolicy(stub, operation.key, operation.mspIds, operation.collection);
    case 'setPolicyBytes':
      return setPolicyBytes(stub, operation.key, Buffer.from(operation.base64, 'base64'));
    case 'getPolicy':
      return getPolicy(stub, operation.key, operation.collection);
    case 'event':
      stub.setEvent(operation.name, Buffer.from(operation.payload));
      return null;
    case 'sleep':
      return sleep(operation.ms, null);
    case 'random':
      return put(stub, operation.key, randomUUID());
    case 'invoke':
      return invoke(stub, operation.chaincode, operation.operations, operation.channel ?? '');
    case 'together':
      return Promise.all(operation.operations.map((each) => run(stub, each)));
    case 'attempt':
      return attempt(stub, operation.operation);
    case 'respond':
      throw new Respond({
        status: operation.status,
        message: operation.message,
        payload: Buffer.from(operation.payload ?? ''),
      });
    case 'throw':
      throw new Error(operation.message);
    case 'crash':
      process.kill(process.pid, 'SIGKILL');
      return null;
    case 'view':
      return view(stub);
  }
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString();
}

async function put(stub: ChaincodeStub, key: string, value: string, collection?: string): Promise<null> {
  if (collection === undefined) {
    await stub.putState(key, Buffer.from(value));
  } else {
    await stub.putPrivateData(collection, key, Buffer.from(value));
  }
  return null;
}

async function entries(source: AsyncIterable<Iterators.KV>, limit = Infinity): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { key, value } of source) {
    found.push([key, text(value)]);
    if (found.length >= limit) {
      break;
    }
  }
  return found;
}

async function page(
  stub: ChaincodeStub,
  { start, end, size, bookmark }: Extract<ProbeOperation, { op: 'page' }>,
): Promise<ProbeResult> {
  const response = await stub.getStateByRangeWithPagination(start, end, size, bookmark);
  const found: [string, string][] = [];
  for (let next = await response.iterator.next(); !next.done; next = await response.iterator.next()) {
    found.push([next.value.key, text(next.value.value)]);
  }
  await response.iterator.close();
  return {
    entries: found,
    bookmark: response.metadata.bookmark,
    count: response.metadata.fetchedRecordsCount,
  };
}

async function history(stub: ChaincodeStub, key: string): Promise<ProbeResult> {
  const found: ProbeResult[] = [];
  for await (const { txId, value, isDelete, timestamp } of stub.getHistoryForKey(key)) {
    found.push({ txId, value: text(value), isDelete, seconds: Number(timestamp.seconds) });
  }
  return found;
}

async function setPolicy(
  stub: ChaincodeStub,
  key: string,
  mspIds: readonly string[],
  collection?: string,
): Promise<null> {
  await setPolicyBytes(stub, key, mspIds.length === 0 ? Buffer.alloc(0) : policyOf(mspIds), collection);
  return null;
}

function policyOf(mspIds: readonly string[]): Uint8Array {
  const policy = new KeyEndorsementPolicy();
  policy.addOrgs('PEER', ...mspIds);
  return policy.getPolicy();
}

function withBytes({
  value = '',
  ...record
}: BatchRecord): Omit<BatchRecord, 'value'> & { value: Uint8Array } {
  return { ...record, value: record.type === 'setPolicy' ? policyOf([value]) : Buffer.from(value) };
}

async function setPolicyBytes(
  stub: ChaincodeStub,
  key: string,
  bytes: Uint8Array,
  collection?: string,
): Promise<null> {
  if (collection === undefined) {
    await stub.setStateValidationParameter(key, bytes);
  } else {
    await stub.setPrivateDataValidationParameter(collection, key, bytes);
  }
  return null;
}

async function getPolicy(stub: ChaincodeStub, key: string, collection?: string): Promise<string[]> {
  return organisationsOf(
    await (collection === undefined
      ? stub.getStateValidationParameter(key)
      : stub.getPrivateDataValidationParameter(collection, key)),
  );
}

/** The shim types the policy as bytes, but gives undefined for a key that has none. */
function organisationsOf(policy: Uint8Array | undefined): string[] {
  return policy === undefined || policy.length === 0 ? [] : new KeyEndorsementPolicy(policy).listOrgs();
}

async function invoke(
  stub: ChaincodeStub,
  chaincode: string,
  operations: readonly ProbeOperation[],
  channel: string,
): Promise<ProbeResult> {
  const response = await stub.invokeChaincode(chaincode, ['run', JSON.stringify(operations)], channel);
  const payload = text(response.payload);
  return {
    status: response.status,
    message: response.message,
    results: payload === '' ? [] : (JSON.parse(payload) as ProbeResult),
  };
}

async function attempt(stub: ChaincodeStub, operation: ProbeOperation): Promise<ProbeResult> {
  try {
    return { value: await run(stub, operation) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function view(stub: ChaincodeStub): TransactionView {
  const { mspid, idBytes } = stub.getCreator();
  const { seconds, nanos } = stub.getTxTimestamp();
  return {
    txId: stub.getTxID(),
    channel: stub.getChannelID(),
    creatorMspId: mspid,
    creatorCertificate: text(idBytes),
    seconds: Number(seconds),
    nanos,
    binding: stub.getBinding(),
    transient: Object.fromEntries([...stub.getTransient()].map(([field, value]) => [field, text(value)])),
    endorserMspId: stub.getMspID(),
  };
}
