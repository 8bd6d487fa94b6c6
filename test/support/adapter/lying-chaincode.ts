/** A chaincode server of an organisation that does not execute what was agreed on. */
import { readFileSync } from 'node:fs';
import { ConsentChaincode } from '@consent-ledger/chaincode/contracts';
import { Shim, type ChaincodeInterface, type ChaincodeStub } from 'fabric-shim';

const honest = new ConsentChaincode({
  now: () => Date.now(),
  maxSkew: 120_000,
  minEpoch: 0,
  reportFailure: () => undefined,
});

type HonestStub = Parameters<typeof honest.Invoke>[0];

/** The stub that contracts take, without the batches that they make of reads and writes. */
function stubOf(stub: ChaincodeStub): HonestStub {
  const puts: (() => Promise<void>)[] = [];
  return {
    getArgs: () => stub.getArgs(),
    getTxID: () => stub.getTxID(),
    getTxTimestamp: () => stub.getTxTimestamp(),
    getCreator: () => stub.getCreator(),
    getTransient: () => stub.getTransient(),
    getState: (key) => stub.getState(key),
    getStateMultiple: (keys) => Promise.all(keys.map((key) => stub.getState(key))),
    getStateByRange: (start, end) => stub.getStateByRange(start, end),
    getPrivateData: (collection, key) => stub.getPrivateData(collection, key),
    getPrivateDataMultiple: (collection, keys) =>
      Promise.all(keys.map((key) => stub.getPrivateData(collection, key))),
    getPrivateDataHash: (collection, key) => stub.getPrivateDataHash(collection, key),
    putState: (key, value) => puts.push(() => stub.putState(key, value)),
    putPrivateData: (collection, key, value) => puts.push(() => stub.putPrivateData(collection, key, value)),
    purgePrivateData: (collection, key) => puts.push(() => stub.purgePrivateData(collection, key)),
    finish: async () => {
      for (const put of puts.splice(0)) await put();
    },
  };
}

const liar: ChaincodeInterface = {
  Init: () => honest.Init(),
  async Invoke(stub: ChaincodeStub) {
    const [name, custodian = ''] = stub.getArgs();
    if (name !== 'custody:apply') return honest.Invoke(stubOf(stub));
    if (process.env['LYING'] === 'refuses') {
      return { status: 500, message: 'subject-unknown', payload: new Uint8Array(0) };
    }
    const answer = await honest.Invoke(stubOf(stub));
    await stub.putPrivateData(`custody-${custodian}`, 'more', Buffer.from('than was asked for'));
    return answer;
  },
};

const file = (variable: string): Buffer => readFileSync(process.env[variable] ?? '');

await Shim.server(liar, {
  ccid: process.env['CHAINCODE_ID'] ?? '',
  address: process.env['CHAINCODE_SERVER_ADDRESS'] ?? '',
  tlsProps: {
    cert: file('CHAINCODE_TLS_CERT_FILE'),
    key: file('CHAINCODE_TLS_KEY_FILE'),
    clientCACerts: file('CHAINCODE_TLS_CLIENT_CACERT_FILE'),
  },
}).start();
process.stdout.write('chaincode-ready\n');
