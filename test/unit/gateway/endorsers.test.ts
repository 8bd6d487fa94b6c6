import { expect } from 'chai';
import { Endorsers } from '@consent-ledger/gateway/internal/adapters/ledger/endorsers';

const A = ['Custodian', 'A'];
const B = ['Custodian', 'B'];

describe('who is asked to endorse first', () => {
  let now: number;
  let endorsers: Endorsers;
  beforeEach(() => {
    now = 0;
    endorsers = new Endorsers({ now: () => now, random: () => 0.5 });
  });

  it('is the first of those that are not known to fail; the others stay as a last resort', () => {
    expect(endorsers.inOrder([A, B])).to.deep.equal([A, B]);
    endorsers.failed(A);
    expect(endorsers.inOrder([A, B])).to.deep.equal([B, A]);
    endorsers.failed(B);
    expect(endorsers.inOrder([A, B])).to.deep.equal([A, B]);
  });

  it('is, when its time is over, asked by one caller, while the others keep away until that one knows', () => {
    endorsers.failed(A);
    now = 10_000;
    expect(endorsers.inOrder([A, B])).to.deep.equal([A, B]);
    expect(endorsers.inOrder([A, B])).to.deep.equal([B, A]);
    endorsers.answered(A);
    expect(endorsers.inOrder([A, B])).to.deep.equal([A, B]);
  });

  it('is left alone for twice as long each time that it fails again, five minutes at the most', () => {
    for (const seconds of [10, 20, 40, 80, 160, 300, 300]) {
      endorsers.failed(A);
      now += seconds * 1_000 - 1;
      expect(endorsers.inOrder([A, B])[0], `${seconds} s`).to.equal(B);
      now += 1;
      expect(endorsers.inOrder([A, B])[0], `${seconds} s`).to.equal(A);
    }
  });

  it('is not somebody that the caller wants to avoid, unless there is nobody else', () => {
    expect(endorsers.inOrder([A, B], ['A'])).to.deep.equal([B, A]);
    expect(endorsers.inOrder([A], ['A'])).to.deep.equal([A]);
    expect(endorsers.inOrder([undefined], ['A'])).to.deep.equal([undefined]);
  });
});
