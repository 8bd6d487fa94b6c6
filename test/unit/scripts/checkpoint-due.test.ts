import { isCheckpointDue } from '@consent-ledger/scripts/internal/checkpoints/by-itself';
import { isGrave } from '@consent-ledger/scripts/internal/checkpoints/signed-so-far';
import { expect } from 'chai';

describe('checkpoints that members sign by themselves', () => {
  it('are due once their block is there, each once, and never that of the genesis block', () => {
    const due = [
      { height: 1, signed: 0 },
      { height: 100, signed: 0 },
      { height: 101, signed: 0 },
      { height: 101, signed: 100 },
      { height: 200, signed: 100 },
      { height: 350, signed: 100 },
    ].map(({ height, signed }) => isCheckpointDue(height, signed, 100));
    expect(due).to.deep.equal([false, false, true, false, false, true]);
  });

  it('tell two histories from a peer that does not answer', () => {
    expect(isGrave('STOPPED (fork) at block 12: …')).to.equal(true);
    expect(isGrave('ANOTHER HISTORY: RiversideMSP signed something else for block 100.')).to.equal(true);
    expect(isGrave('The peer at 127.0.0.1:7051 does not say how many blocks it has. Does it run?')).to.equal(
      false,
    );
  });
});
