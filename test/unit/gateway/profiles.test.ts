import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  namedProfile,
  readProfileFile,
  RESEARCH_PROFILE,
  researchProfileNamed,
} from '@consent-ledger/gateway';
import { profilesOf } from '@consent-ledger/gateway/internal/pseudonymising/research-profile';
import { expect } from 'chai';
import { temporaryFolder } from '../../support/temporary.js';

describe('a profile of one’s own', () => {
  const folder = temporaryFolder();

  function file(content: unknown): string {
    const path = join(folder.path, 'profile.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  it('is named by the digest of what it says, however it is written down', () => {
    const same = Object.fromEntries(Object.entries(RESEARCH_PROFILE).reverse());
    expect(namedProfile(readProfileFile(file(JSON.stringify(same, null, 2))))).to.deep.equal(
      researchProfileNamed(),
    );
    const other = readProfileFile(file({ ...RESEARCH_PROFILE, name: 'narrow', shiftDays: 30 }));
    expect(other.digest).to.not.equal(researchProfileNamed().digest);
    expect(profilesOf([other])(other.digest)).to.equal(other);
    expect(profilesOf()(other.digest), 'one that is not here').to.equal(undefined);
  });

  it('is refused with what is wrong in it, at its place', () => {
    const wrong: readonly (readonly [unknown, RegExp])[] = [
      ['no JSON', /cannot be read, or is not JSON/],
      [{ ...RESEARCH_PROFILE, shiftDays: 0 }, /shiftDays: /],
      [
        { ...RESEARCH_PROFILE, systems: { 'http://loinc.org': '.*' } },
        /systems\.http:\/\/loinc\.org: .*anchored/,
      ],
      [
        { ...RESEARCH_PROFILE, resources: { Observation: { note: 'keep' } } },
        /resources\.Observation\.note: /,
      ],
      [{ ...RESEARCH_PROFILE, keeps: 'all' }, /Unrecognized key/],
    ];
    for (const [content, problem] of wrong) expect(() => readProfileFile(file(content))).to.throw(problem);
  });
});
