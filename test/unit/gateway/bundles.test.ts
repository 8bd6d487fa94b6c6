import { readBundle } from '@consent-ledger/gateway/internal/usecases/bundles/read-bundle';
import { requireOnePatient } from '@consent-ledger/gateway/internal/usecases/bundles/references';
import { resourceTexts } from '@consent-ledger/gateway/internal/usecases/bundles/source-texts';
import { expect } from 'chai';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const examples = dirname(
  createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/Observation-f202.json'),
);

interface Bundle {
  readonly type: string;
  readonly entry?: readonly { readonly resource?: unknown }[];
}

describe('bundles taken apart', () => {
  it('gives each resource exactly as it came, of every published bundle and of any JSON', () => {
    const files = readdirSync(examples).filter((name) => name.startsWith('Bundle-'));
    expect(files.length).to.be.greaterThan(30);
    for (const file of files) {
      const text = readFileSync(join(examples, file), 'utf8');
      if (text.length > 500_000) continue;
      const { entry = [] } = JSON.parse(text) as Bundle;
      const texts = resourceTexts(text);
      expect(texts, file).to.have.length(entry.length);
      for (const [index, { resource }] of entry.entries()) {
        const found = texts[index];
        expect(found === undefined ? undefined : JSON.parse(found), `${file} ${index}`).to.deep.equal(
          resource,
        );
      }
    }
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 })), fc.constantFrom(0, 1), (resources, space) => {
        const entry = resources.map((resource) => ({ 'a"\\': '}]"', resource, more: [{ resource: 1 }] }));
        const text = JSON.stringify({ other: [{ entry: [] }], entry, last: '{' }, null, space);
        const texts = resourceTexts(text);
        expect(texts.map((one) => JSON.parse(one ?? '') as unknown)).to.deep.equal(
          JSON.parse(JSON.stringify(resources)),
        );
        for (const one of texts) expect(text).to.include(one);
      }),
    );
  });

  it('keeps the digits of a decimal', () => {
    const resource = '{"resourceType":"Observation","valueQuantity":{"value":7.10}}';
    const text = `{"resourceType":"Bundle","type":"collection","entry":[ {"resource" : ${resource} } ]}`;
    expect(readBundle(JSON.parse(text), text).entries[0]?.text).to.equal(resource);
  });

  it('takes what brings resources, and says which entries bring none', () => {
    const read = (name: string) => {
      const text = readFileSync(join(examples, `Bundle-${name}.json`), 'utf8');
      return readBundle(JSON.parse(text), text);
    };
    expect(read('101').entries).to.have.length(18);
    expect(read('father').type).to.equal('document');
    expect(read('bundle-search-warning').entries).to.have.length(0);
    const transaction = read('bundle-transaction');
    expect(transaction.entries).to.have.length(6);
    expect(transaction.refused.map(({ index }) => index)).to.have.length(4);
    for (const name of ['bundle-response', 'bundle-response-medsallergies'])
      expect(() => read(name), name).to.throw('bundle-refused');
    expect(read('72ac8493-52ac-41bd-8d5d-7258c289b5ea').refused[0]?.message).to.match(/Bundle itself/);
    const many = JSON.stringify({
      resourceType: 'Bundle',
      type: 'batch',
      entry: Array.from({ length: 201 }, () => ({ resource: { resourceType: 'Observation' } })),
    });
    expect(() => readBundle(JSON.parse(many), many)).to.throw('bundle-refused');
  });

  it('is about one patient, under whatever address that is named', () => {
    const about = (...resources: object[]) => {
      const entry = resources.map((one) =>
        'fullUrl' in one ? one : { resource: { resourceType: 'Observation', ...one } },
      );
      const text = JSON.stringify({ resourceType: 'Bundle', type: 'collection', entry });
      requireOnePatient(readBundle(JSON.parse(text), text).entries);
    };
    const patient = { fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient', id: 'p' } };
    const of = (reference: string) => ({ subject: { reference } });
    about(
      patient,
      of('urn:uuid:1'),
      of('Patient/p'),
      of('https://ehr.example/fhir/Patient/p'),
      of('Group/g'),
    );
    about(
      { fullUrl: 'urn:uuid:1', resource: { resourceType: 'Patient' } },
      of('urn:uuid:1'),
      of('urn:uuid:2'),
    );
    expect(() => {
      about(patient, of('Patient/q'));
    }).to.throw('bundle-refused');
    expect(() => {
      about(of('Patient/p'), { patient: { reference: 'Patient/q' } });
    }).to.throw('bundle-refused');
    const nameless = { fullUrl: 'urn:uuid:2', resource: { resourceType: 'Patient' } };
    expect(() => {
      about(patient, nameless);
    }).to.throw('bundle-refused');
  });
});
