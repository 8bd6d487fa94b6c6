import {
  checkpointKey,
  checkpointNote,
  checkpointText,
  parseCheckpoint,
  type Checkpoint,
  type SignedCheckpoint,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { createHash, sign, X509Certificate } from 'node:crypto';
import { signingCertificate, type SigningCertificate } from './support/identities.js';
import {
  LAKESIDE,
  LEDGER_ID,
  RIVERSIDE,
  World,
  makeCertificates,
  payloadOf,
  refusalOf,
} from './support/world.js';

const CHECKPOINT: Checkpoint = {
  ledger: LEDGER_ID,
  size: 1_204,
  root: createHash('sha256').update('root').digest(),
  block: 300,
  hash: createHash('sha256').update('block').digest('hex'),
  time: '2026-11-24T10:00:00.250Z',
  configuration: 2,
};

const TEXT = checkpointText(CHECKPOINT);

describe('a checkpoint', () => {
  let world: World;
  let signer: SigningCertificate;

  before(async () => {
    await makeCertificates();
    signer = await signingCertificate(['client']);
  });

  beforeEach(async () => {
    world = await World.open();
  });

  const signatureOn = (text: string): string =>
    sign('sha256', Buffer.from(text), signer.privateKey).toString('base64url');

  const submit = (checkpoint: string, signature = signatureOn(checkpoint), mspId = RIVERSIDE) =>
    world.call(
      ['registry:apply', JSON.stringify({ v: 1, command: 'sign-checkpoint', checkpoint, signature })],
      undefined,
      { mspId },
      signer.pem,
    );

  it('has one text, and no other means the same', () => {
    expect(parseCheckpoint(TEXT)).to.deep.equal(CHECKPOINT);
    for (const other of [
      TEXT.trimEnd(),
      `${TEXT}\n`,
      TEXT.replace('\n1204\n', '\n01204\n'),
      TEXT.replaceAll('\n', '\r\n'),
      TEXT.replace('block 300', 'block  300'),
      TEXT.replace(LEDGER_ID, LEDGER_ID.toUpperCase()),
      TEXT.replace(/=\n/, '\n'),
      `${TEXT}extension\n`,
    ])
      expect(parseCheckpoint(other), JSON.stringify(other)).to.equal(undefined);
  });

  it('is kept with its signature and certificate, and read by every member', async () => {
    const signature = signatureOn(TEXT);
    expect((await submit(TEXT, signature)).status).to.equal(200);
    const value = world.ledger.values().get(`/${checkpointKey(300, RIVERSIDE)}`);
    const certificate = new X509Certificate(signer.pem).raw.toString('base64url');
    const kept = { v: 1, mspId: RIVERSIDE, checkpoint: TEXT, certificate, signature };
    expect(value).to.deep.equal(kept);
    await submit(TEXT, signatureOn(TEXT), LAKESIDE);
    const asked = await world.queryRegistry({ query: 'checkpoint', block: 300 });
    const { signatures } = payloadOf(asked) as { signatures: SignedCheckpoint[] };
    expect(signatures.map(({ mspId }) => mspId)).to.deep.equal([LAKESIDE, RIVERSIDE]);
    const none = payloadOf(await world.queryRegistry({ query: 'checkpoint', block: 30 }));
    expect(none).to.deep.equal({ signatures: [] });
  });

  it('is signed once for a block: the same again changes nothing, another is refused for ever', async () => {
    await submit(TEXT);
    const again = await submit(TEXT);
    expect(again.status).to.equal(200);
    expect(again.writes.size).to.equal(0);
    const other = checkpointText({ ...CHECKPOINT, root: createHash('sha256').update('other').digest() });
    expect(refusalOf(await submit(other))).to.equal('checkpoint-signed-otherwise');
    expect((await submit(other, signatureOn(other), LAKESIDE)).status).to.equal(200);
  });

  it('is refused without the signature of the key that calls, for another ledger, and from nobody’s member', async () => {
    expect(refusalOf(await submit(TEXT, signatureOn(`${TEXT} `)))).to.equal('checkpoint-signature-invalid');
    const elsewhere = checkpointText({ ...CHECKPOINT, ledger: 'f'.repeat(64) });
    expect(refusalOf(await submit(elsewhere))).to.equal('checkpoint-other-ledger');
    expect(refusalOf(await submit(TEXT, signatureOn(TEXT), 'StrangerMSP'))).to.equal('member-unknown');
    expect(refusalOf(await submit('anything', signatureOn('anything')))).to.equal('command-malformed');
  });

  it('makes a note in the published form', async () => {
    await submit(TEXT);
    const value = world.ledger
      .values()
      .get(`/${checkpointKey(300, RIVERSIDE)}`) as unknown as SignedCheckpoint;
    const [text, lines] = checkpointNote(TEXT, [value]).split('\n\n');
    expect(`${text ?? ''}\n`).to.equal(TEXT);
    const [, name, encoded] = /^— (\S+) (\S+)\n$/.exec(lines ?? '') ?? [];
    expect(name).to.equal(RIVERSIDE);
    const bytes = Buffer.from(encoded ?? '', 'base64');
    const key = new X509Certificate(signer.pem).publicKey.export({ type: 'spki', format: 'der' });
    expect(bytes.subarray(0, 4)).to.deep.equal(createHash('sha256').update(key).digest().subarray(0, 4));
    expect(bytes.subarray(4).toString('base64url')).to.equal(value.signature);
  });
});
