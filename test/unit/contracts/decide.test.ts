import {
  accessEvent,
  details as detailsSchema,
  digestOf,
  sha256,
  type AccessEvent,
  type Details,
} from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { SUBJECT, registerPatient } from './support/fixtures.js';
import type { Simulation } from './support/fake-ledger.js';
import { LAKESIDE, NOW_INSTANT, RIVERSIDE, World, makeCertificates } from './support/world.js';

describe('decide', () => {
  let world: World;

  before(makeCertificates);
  beforeEach(async () => {
    world = await World.open();
    await registerPatient(world);
  });

  function eventOf(jti: string, requester = LAKESIDE): AccessEvent {
    return accessEvent.parse(world.value('event', requester, jti));
  }

  function detailsOf({ transaction }: Simulation): Details {
    return detailsSchema.parse(world.value('details', transaction));
  }

  function decide(...requests: string[]): Promise<Simulation> {
    return world.custody({ command: 'decide', requests });
  }

  it('logs a permit with what the requester may read, and apart from it what only custodian and oversight may', async () => {
    const { jti, enc } = world.claims();
    const request = world.request({ jti });
    const done = await decide(request);

    const key = world.key('event', LAKESIDE, jti);
    const { details, refused } = detailsOf(done);
    expect(refused).to.deep.equal([]);
    const [detail] = details;
    expect(detail).to.deep.include({ event: key, request });
    expect(detail?.records).to.deep.equal([
      {
        record: 'hb-1',
        reason: 'permitted-by-consent',
        basis: [
          { consent: 'c-1', version: 1, outcome: 'permit', path: 'Consent.provision', evidence: 'witnessed' },
        ],
        descriptorVersion: 1,
        subjects: [SUBJECT],
      },
    ]);
    const event = eventOf(jti);
    expect(event).to.deep.include({
      custodian: RIVERSIDE,
      requester: LAKESIDE,
      jti,
      enc,
      at: NOW_INSTANT,
      request: sha256(request),
      details: digestOf(detail ?? {}),
      rules: '1',
    });
    expect(event.records).to.deep.equal([
      {
        record: 'hb-1',
        outcome: 'permit',
        code: 'permitted',
        version: 1,
        obligations: [{ code: 'expires-at', at: '2028-01-01T00:00:00Z' }],
      },
    ]);
  });
});
