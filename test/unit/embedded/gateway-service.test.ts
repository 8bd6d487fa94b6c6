import { createPrivateKey } from 'node:crypto';
import { Client, credentials, status as Code } from '@grpc/grpc-js';
import type { ServiceError } from '@grpc/grpc-js';
import { expect } from 'chai';
import { GATEWAY_CONCURRENCY } from '@consent-ledger/network/embedded/gateway-service/service';
import { startEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import type { RunningEmbeddedLedger } from '@consent-ledger/network/embedded/start';
import { gateway as protos } from '@hyperledger/fabric-protos';
import { serialize } from '../../support/ledger/identity.js';
import { sign } from '../../support/ledger/signature.js';
import { temporaryFolder } from '../../support/temporary.js';
import { CHANNEL, Consortium } from './consortium.js';

describe("the gateway's service", function () {
  this.timeout(60_000);

  const folder = temporaryFolder();
  let consortium: Consortium;
  let running: RunningEmbeddedLedger;
  let client: Client;

  before(async () => {
    consortium = await Consortium.make(folder.path);
    running = await startEmbeddedLedger(consortium.configuration);
    const { mspId, tlsCaPem } = consortium.organisation('riverside');
    client = new Client(running.addresses.get(mspId) ?? '', credentials.createSsl(Buffer.from(tlsCaPem)));
  });
  after(async () => {
    client.close();
    await running.close();
  });

  /** One call with bytes as they are, cancelled by the function that comes back with its error. */
  const call = (
    method: string,
    request: Uint8Array,
  ): { error: Promise<ServiceError>; cancel: () => void } => {
    const { promise, resolve } = Promise.withResolvers<ServiceError>();
    const same = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
    const options = { deadline: Date.now() + 15_000 };
    const made = client.makeUnaryRequest(
      `/gateway.Gateway/${method}`,
      same,
      same,
      request,
      options,
      (error) => {
        if (error !== null) resolve(error);
      },
    );
    return {
      error: promise,
      cancel: () => {
        made.cancel();
      },
    };
  };
  const waitingForever = (): Uint8Array => {
    const { mspId, gatewayClient } = consortium.organisation('riverside');
    const { certificatePem: certificate, keyPem } = gatewayClient.identity;
    const request = new protos.CommitStatusRequest();
    request.setChannelId(CHANNEL);
    request.setTransactionId('never submitted');
    request.setIdentity(serialize({ mspId, certificate }));
    const signed = new protos.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    signed.setSignature(sign(createPrivateKey(keyPem), request.serializeBinary()));
    return signed.serializeBinary();
  };

  it('refuses bytes that are no message', async () => {
    for (const method of ['Evaluate', 'Endorse', 'Submit', 'CommitStatus']) {
      const { code } = await call(method, Uint8Array.of(0x0a, 0xff, 0xff)).error;
      expect(code, method).to.equal(Code.INTERNAL);
    }
  });

  it('refuses a call beyond its limit, waiting ones counted, and serves again when they are gone', async () => {
    const request = waitingForever();
    const waiting = Array.from({ length: GATEWAY_CONCURRENCY }, () => call('CommitStatus', request));
    const { code, details } = await call('Evaluate', new Uint8Array()).error;
    expect(code).to.equal(Code.UNKNOWN);
    expect(details).to.contain('exceeding concurrency limit (500)');
    waiting.forEach(({ cancel }) => {
      cancel();
    });
    await Promise.all(waiting.map(({ error }) => error));
    let refused: Code;
    do {
      refused = (await call('Evaluate', new Uint8Array()).error).code;
    } while (refused === Code.UNKNOWN);
    expect(refused).to.equal(Code.INVALID_ARGUMENT);
  });
});
