import { expect } from 'chai';
import { Circuit } from '@consent-ledger/gateway/internal/usecases/circuit';
import { Refusal } from '@consent-ledger/gateway/internal/usecases/refusal';

describe('a circuit keeps callers from what does not answer', () => {
  let now: number;
  let circuit: Circuit;
  beforeEach(() => {
    now = 1_000;
    circuit = new Circuit({ now: () => now });
  });

  const refusal = (): Refusal | undefined => {
    try {
      circuit.admit();
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  };
  const fail = (times: number): void => {
    for (let count = 0; count < times; count += 1) circuit.failed();
  };

  it('opens at the third failure in a row, and not when something worked in between', () => {
    fail(2);
    circuit.succeeded();
    fail(2);
    expect(refusal()).to.equal(undefined);
    fail(1);
    expect(refusal()).to.include({ code: 'ledger-unavailable', retryAfterSeconds: 1 });
  });

  it('lets one call through when its time is over, and refuses the others meanwhile', () => {
    fail(3);
    now += 1_000;
    expect(refusal()).to.equal(undefined);
    expect(refusal()?.code).to.equal('ledger-unavailable');
  });

  it('closes for everybody when that call succeeds, and stays open twice as long when it fails, up to 15 s', () => {
    fail(3);
    for (const seconds of [1, 2, 4, 8, 15, 15]) {
      now += seconds * 1_000 - 1;
      expect(refusal()?.retryAfterSeconds, `${seconds} s`).to.equal(1);
      now += 1;
      expect(refusal()).to.equal(undefined);
      circuit.failed();
    }
    now += 15_000;
    expect(refusal()).to.equal(undefined);
    circuit.succeeded();
    expect([refusal(), refusal()]).to.deep.equal([undefined, undefined]);
    expect(circuit.isOpen).to.equal(false);
  });

  it('refuses nobody when its time is over, whether a call comes or not: who asks first and then stays away would never find out', () => {
    fail(3);
    expect(circuit.isRefusing).to.equal(true);
    now += 1_000;
    expect([circuit.isRefusing, circuit.isOpen]).to.deep.equal([false, true]);
    circuit.admit();
    expect(circuit.isRefusing, 'while one call finds out').to.equal(true);
    circuit.succeeded();
    expect(circuit.isRefusing).to.equal(false);
  });

  it('learns nothing from calls that had been let in before it opened', () => {
    fail(30);
    now += 1_000;
    expect(refusal()).to.equal(undefined);
  });

  it('opens at once when it is told to', () => {
    circuit.trip();
    expect(refusal()?.code).to.equal('ledger-unavailable');
  });

  describe('says for how long nothing has come through', () => {
    const tryInVain = (): void => {
      circuit.admit();
      circuit.failed();
    };

    it('since the first failure, while it refuses, and during the next try', () => {
      fail(2);
      expect(circuit.openForMs, 'closed').to.equal(undefined);
      now += 5_000;
      fail(1);
      expect(circuit.openForMs).to.equal(5_000);
      now += 1_000;
      tryInVain();
      expect(circuit.openForMs).to.equal(6_000);
      now += 2_000;
      circuit.admit();
      expect(circuit.openForMs, 'while one finds out').to.equal(8_000);
      circuit.succeeded();
      expect(circuit.openForMs).to.equal(undefined);
    });

    it('not when nobody has tried since its time was over: it may be well again', () => {
      fail(3);
      now += 1_000;
      expect([circuit.isOpen, circuit.openForMs]).to.deep.equal([true, undefined]);
      now += 600_000;
      expect(circuit.openForMs).to.equal(undefined);
    });

    it('not by a try long after the last failure that is still under way, nor by many; but as soon as it has failed', () => {
      fail(3);
      for (let tries = 0; tries < 40; tries += 1) {
        now += 1_000;
        circuit.admit();
        if (tries >= 15) expect(circuit.openForMs).to.equal(undefined);
      }
      circuit.failed();
      expect(circuit.openForMs).to.equal(40_000);
      now += 600_000;
      circuit.admit();
      expect(circuit.openForMs).to.equal(undefined);
      circuit.failed();
      expect(circuit.openForMs).to.equal(640_000);
    });
  });
});
