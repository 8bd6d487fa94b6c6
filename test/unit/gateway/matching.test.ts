import { openPatientIndex } from '@consent-ledger/gateway/internal/adapters/persons/patient-index';
import { SealedTexts } from '@consent-ledger/gateway/internal/usecases/finding/sealed-text';
import { comparePersons } from '@consent-ledger/gateway/internal/usecases/matching/compare-persons';
import { FoundPersons } from '@consent-ledger/gateway/internal/usecases/matching/found-persons';
import { jaroWinkler } from '@consent-ledger/gateway/internal/usecases/matching/jaro-winkler';
import { comparedOf } from '@consent-ledger/gateway/internal/usecases/matching/normalise';
import type { Demographics } from '@consent-ledger/chaincode/wire/http';
import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PETER: Demographics = {
  resourceType: 'Patient',
  name: [{ family: 'Chalmers-Müller', given: ['Peter', 'James'] }],
  gender: 'male',
  birthDate: '1974-12-05',
  address: [{ postalCode: 'SW1A 2AA' }],
  telecom: [{ system: 'phone', value: '+44 20 7946 0958' }],
  identifier: [{ system: 'urn:nhs', value: '943 476 5919' }],
};
const named = (family: string, ...given: string[]): Partial<Demographics> => ({ name: [{ family, given }] });
const bare = { address: [], telecom: [], identifier: [] } satisfies Partial<Demographics>;
const gradeOf = (change: Partial<Demographics>, held = PETER): string | undefined =>
  comparePersons(comparedOf({ ...PETER, ...change }), comparedOf(held))?.grade;

describe('persons are compared by stated rules', () => {
  it('by the distance that Winkler published', () => {
    const published: [string, string, number][] = [
      ['martha', 'marhta', 0.961],
      ['dwayne', 'duane', 0.84],
      ['dixon', 'dicksonx', 0.813],
      ['jones', 'johnson', 0.832],
      ['abroms', 'abrams', 0.922],
      ['hardin', 'martinez', 0.722],
      ['same', 'same', 1],
      ['abc', 'xyz', 0],
      ['', 'a', 0],
    ];
    for (const [one, other, likeness] of published) {
      expect(jaroWinkler(one, other), `${one} ${other}`).to.be.closeTo(likeness, 0.0006);
      expect(jaroWinkler(other, one)).to.be.closeTo(jaroWinkler(one, other), 1e-12);
    }
  });

  it('certain: however it is written, with something that corroborates it', () => {
    expect(gradeOf({})).to.equal('certain');
    expect(
      gradeOf({ ...bare, ...named('CHALMERS MULLER', 'péter'), address: [{ postalCode: 'sw1a2aa' }] }),
    ).to.equal('certain');
    expect(gradeOf({ ...bare, telecom: [{ system: 'sms', value: '020 7946 0958' }] })).to.equal('certain');
    expect(gradeOf({ ...bare, identifier: [{ system: 'urn:nhs', value: '9434765919' }] })).to.equal(
      'certain',
    );
  });

  it('probable: without that, or written a little otherwise', () => {
    expect(gradeOf(bare)).to.equal('probable');
    expect(gradeOf(named('Chalmers-Mueller', 'Peter'))).to.equal('probable');
    expect(gradeOf(named('Chalmers-Müller', 'James')), 'the second given name').to.equal('probable');
    expect(gradeOf({ birthDate: '1974-05-12' }), 'day and month exchanged').to.equal('probable');
    expect(gradeOf({ birthDate: '1974-12-06' }), 'with the identifier').to.equal('probable');
  });

  it('no match: anything that contradicts', () => {
    expect(gradeOf({ gender: 'female' })).to.equal(undefined);
    expect(gradeOf({ ...bare, birthDate: '1974-12-06' })).to.equal(undefined);
    expect(gradeOf({ birthDate: '1975-11-05' })).to.equal(undefined);
    expect(gradeOf(named('Chalmers-Müller', 'Paul'))).to.equal(undefined);
    expect(gradeOf(named('Baker', 'Peter'))).to.equal(undefined);
    expect(gradeOf(named('…', 'Peter')), 'a name of marks alone').to.equal(undefined);
  });

  it('a reference is good for its user, at its custodian, until it expires', () => {
    let now = 1_000_000;
    const at = (secret: string) =>
      new FoundPersons({
        sealed: new SealedTexts(Buffer.from(secret), 'found person', 128),
        lastsMs: 1_000,
        now: () => now,
      });
    const [here, elsewhere] = [at('here'), at('elsewhere')];
    const by = { iss: 'LakesideMSP', sub: 'doctor' };
    const reference = here.refer('sub-1', by).person.replace('found/', '');
    expect(here.subjectOf(reference, by)).to.equal('sub-1');
    expect(here.subjectOf(reference, { ...by, sub: 'colleague' })).to.equal(undefined);
    expect(here.subjectOf(reference, { ...by, iss: 'NovacureMSP' })).to.equal(undefined);
    expect(elsewhere.subjectOf(reference, by)).to.equal(undefined);
    now += 1_000;
    expect(here.subjectOf(reference, by)).to.equal(undefined);
  });
});

describe('the index of patients', () => {
  let folder: string;
  let index: ReturnType<typeof openPatientIndex>;
  const seal = {
    sealFor: (_subject: string, content: Uint8Array) => Promise.resolve(Buffer.from(content)),
    openFor: (_subject: string, sealed: Uint8Array) => Promise.resolve(Buffer.from(sealed)),
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'consent-ledger-'));
    index = openPatientIndex(join(folder, 'patients.db'), { seal, secret: Buffer.alloc(32, 7) });
  });
  after(() => {
    index.close();
    rmSync(folder, { recursive: true });
  });

  it('finds whoever is a match, by any of its tokens, and who was changed by what they are now', async () => {
    await index.replace('peter', PETER, 1);
    await index.replace(
      'twin',
      { ...PETER, ...bare, ...named('Chalmers-Müller', 'Petra'), gender: 'female' },
      1,
    );
    const found = async (change: Partial<Demographics>) =>
      (await index.match({ ...PETER, ...change })).map(({ subject }) => subject);
    expect(await found({})).to.deep.equal(['peter']);
    expect(await found({ birthDate: '1974-12-06', ...named('Challmers-Müller', 'Peter') })).to.deep.equal([
      'peter',
    ]);
    await index.replace('peter', { ...PETER, birthDate: '1980-01-01' }, 2);
    expect(await found({})).to.deep.equal([]);
    expect(await found({ birthDate: '1980-01-01' })).to.deep.equal(['peter']);
    index.forget('peter');
    expect(await found({ birthDate: '1980-01-01' })).to.deep.equal([]);
    expect(await index.find('peter')).to.equal(undefined);
  });

  it('passes over a token that hundreds share, and still finds by another', async () => {
    const common = { ...PETER, ...bare, ...named('Chalmers', 'Anna'), birthDate: '1990-01-01' };
    for (let number = 0; number <= 500; number += 1) await index.replace(`common-${number}`, common, 1);
    expect(await index.match(common)).to.deep.equal([]);
    const identifier = [{ system: 'urn:nhs', value: '1' }];
    await index.replace('one', { ...common, identifier }, 1);
    expect((await index.match({ ...common, identifier })).map(({ subject }) => subject)).to.deep.equal([
      'one',
    ]);
  }).timeout(60_000);
});
