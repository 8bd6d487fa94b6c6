import {
  confidentialityCodes,
  isKnownLabel,
  isKnownPurpose,
  purposes,
  purposesCover,
  reasons,
  sensitivityCodes,
} from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allPurposes, allSensitivities, purposeIs, repository } from '../../property/domain/code-systems.js';

interface Generator {
  generateTables(): ReadonlyMap<string, string>;
}

describe('The code tables', () => {
  it('are what the generator makes of the published code systems', async () => {
    const generator = (await import(join(repository, 'scripts', 'generate-code-tables.mjs'))) as Generator;
    for (const [file, text] of generator.generateTables()) {
      const path = join(repository, 'chaincode', 'src', 'domain', 'tables', file);
      expect(readFileSync(path, 'utf8'), file).to.equal(text);
    }
  });

  it('hold every purpose below PurposeOfUse, and which descends from which', () => {
    expect(purposes).to.have.members(allPurposes);
    for (const asked of allPurposes) {
      for (const named of allPurposes)
        expect(purposesCover([named], asked)).to.equal(purposeIs(asked, named));
    }
    expect(isKnownPurpose('PurposeOfUse')).to.equal(false);
  });

  it('hold every sensitivity, 42CFRPart2, and the confidentiality codes from lowest to highest', () => {
    expect(sensitivityCodes).to.have.members([...allSensitivities, '42CFRPart2']);
    expect(confidentialityCodes).to.deep.equal(['U', 'L', 'M', 'N', 'R', 'V']);
    for (const label of ['_InformationSensitivityPolicy', 'S', 'C', 'n', '']) {
      expect(isKnownLabel(label), label).to.equal(false);
    }
  });

  it('know what FHIR R4 already published', () => {
    const read = (file: string): string =>
      readFileSync(join(repository, 'node_modules', 'hl7.fhir.r4.examples', file), 'utf8');
    const all = (concepts: readonly Concept[]): Concept[] =>
      concepts.flatMap((one) => [one, ...all(one.concept ?? [])]);
    const { concept } = JSON.parse(read('CodeSystem-v3-ActReason.json')) as {
      concept: readonly Concept[];
    };
    const root = all(concept).find(({ code }) => code === 'PurposeOfUse');
    const published = all(root?.concept ?? []).map(({ code }) => code);
    expect(published).to.include.members(['TREAT', 'HRESCH']);
    expect(purposes).to.include.members(published);
  });
});

describe('The catalogue of reasons', () => {
  it('tells a requester the same whatever was found out about the subject', () => {
    const denials = Object.entries(reasons).filter(([, { outcome }]) => outcome === 'deny');
    for (const [code, { requester, rule }] of denials) {
      expect(requester, code).to.equal(code === 'member-not-active' ? code : 'not-permitted');
      expect(rule, code).to.be.within(1, 8);
    }
  });

  it('names the unmet precondition and the information-blocking exception of every denial', () => {
    for (const [code, { outcome, unmet, exception }] of Object.entries(reasons)) {
      expect(unmet !== undefined, code).to.equal(outcome === 'deny');
      expect(exception?.cites.startsWith('45 CFR 171.') === true, code).to.equal(outcome === 'deny');
    }
  });
});

interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
}
