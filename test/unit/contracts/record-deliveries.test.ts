import { RECEIPT_TYP, delivery as deliverySchema, type ReceiptClaims } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { recordOf, registerPatient, sha } from './support/fixtures.js';
import { signJws, type TestKey } from './support/identities.js';
import {
  LAKESIDE,
  LEDGER_ID,
  NOVACURE,
  NOW_INSTANT,
  RIVERSIDE,
  World,
  makeCertificates,
  refusalOf,
} from './support/world.js';

describe('record-deliveries', () => {
  let world: World;
  let event: string;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
    await world.custody(recordOf('hb-2'));
    const claims = world.claims({ records: ['hb-1', 'hb-2', 'unknown'] });
    await world.custody({ command: 'decide', requests: [world.request(claims)] });
    event = world.key('event', LAKESIDE, claims.jti);
  });

  function receipt(changes: Partial<ReceiptClaims> = {}, header: object = {}, key?: TestKey): string {
    const signer = key ?? world.signingKey(LAKESIDE);
    const claims = {
      iss: LAKESIDE,
      aud: RIVERSIDE,
      ledger: LEDGER_ID,
      iat: Math.floor(world.now / 1_000),
      event,
      records: [{ record: 'hb-1', bytes: 1_234, digest: sha('cipher hb-1'), complete: true }],
      ...changes,
    };
    return signJws({ alg: 'ES256', typ: RECEIPT_TYP, kid: signer.kid, ...header }, claims, signer.privateKey);
  }

  async function refusal(text: string, key = event): Promise<string> {
    return refusalOf(
      await world.tryCustody({ command: 'record-deliveries', deliveries: [{ event: key, receipt: text }] }),
    );
  }

  it('keeps each line of the receipt as it was signed', async () => {
    const records = [
      { record: 'hb-1', bytes: 1_234, digest: sha('cipher hb-1'), complete: true },
      { record: 'hb-2', bytes: 17, digest: sha('half'), complete: false },
    ];
    const text = receipt({ records });
    await world.custody({ command: 'record-deliveries', deliveries: [{ event, receipt: text }] });
    for (const line of records) {
      expect(deliverySchema.parse(world.value('delivery', event, line.record))).to.deep.include({
        ...line,
        event,
        receipt: text,
        at: NOW_INSTANT,
      });
    }
  });

  it('changes nothing the second time', async () => {
    const text = receipt();
    await world.custody({ command: 'record-deliveries', deliveries: [{ event, receipt: text }] });
    world.now += 1_000;
    const again = await world.custody({
      command: 'record-deliveries',
      deliveries: [{ event, receipt: text }],
    });
    expect(again.writes.size).to.equal(0);
  });

  it('needs an event', async () => {
    expect(await refusal(receipt(), world.key('event', LAKESIDE, 'other'))).to.equal('event-unknown');
  });

  it("takes no receipt but the requester's own, for this event, of what was permitted", async () => {
    const line = { record: 'hb-1', bytes: 1, digest: sha('x'), complete: true };
    const refused = [
      '',
      'a.b.c',
      receipt({ iss: NOVACURE }),
      receipt({ aud: LAKESIDE }),
      receipt({ ledger: 'f'.repeat(64) }),
      receipt({ event: world.key('event', LAKESIDE, 'other') }),
      receipt({ records: [] }),
      receipt({ records: [line, line] }),
      receipt({ records: [{ ...line, record: 'unknown' }] }),
      receipt({ records: [{ ...line, record: 'hb-9' }] }),
      receipt({ records: [{ ...line, bytes: -1 }] }),
      receipt({ more: 1 } as object),
      receipt({}, { alg: 'none' }),
      receipt({}, { typ: 'consent-ledger-request+jwt' }),
      receipt({ iss: NOVACURE }, {}, world.signingKey(NOVACURE)),
      receipt({}, { kid: world.signingKey(LAKESIDE).kid }, world.signingKey(RIVERSIDE)),
      receipt({}, {}, world.encryptionKey(LAKESIDE)),
      receipt().replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')),
    ];
    for (const text of refused) expect(await refusal(text), text).to.equal('receipt-refused');
  });
});
