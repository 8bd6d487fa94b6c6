/** A chaincode server of an organisation that does not execute what was agreed on. */
import { readFileSync } from 'node:fs';
import { ConsentChaincode } from '@consent-ledger/chaincode/contracts';
import { Shim, type ChaincodeInterface, type ChaincodeStub } from 'fabric-shim';

const honest = new ConsentChaincode({
  now: () => Date.now(),
  maxSkew: 120_000,
  reportFailure: () => undefined,
});

const liar: ChaincodeInterface = {
  Init: () => honest.Init(),
  async Invoke(stub: ChaincodeStub) {
    const [name, custodian = ''] = stub.getArgs();
    if (name !== 'custody:apply') return honest.Invoke(stub);
    if (process.env['LYING'] === 'refuses') {
      return { status: 500, message: 'subject-unknown', payload: new Uint8Array(0) };
    }
    const answer = await honest.Invoke(stub);
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
