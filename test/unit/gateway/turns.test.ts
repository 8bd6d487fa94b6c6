import { Turns } from '@consent-ledger/gateway/internal/usecases/turns';
import { expect } from 'chai';
import { setImmediate } from 'node:timers/promises';

/** Work that notes when it begins and when it ends, and ends when it is told to. */
class Noted {
  readonly log: string[] = [];
  readonly #ends = new Map<string, (failure?: Error) => void>();

  readonly work = (name: string) => async (): Promise<string> => {
    this.log.push(`${name} begins`);
    await new Promise<void>((resolve, reject) => {
      this.#ends.set(name, (failure) => {
        if (failure === undefined) resolve();
        else reject(failure);
      });
    });
    this.log.push(`${name} ends`);
    return name;
  };

  async end(name: string, failure?: Error): Promise<void> {
    this.#ends.get(name)?.(failure);
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
  }
}

describe('turns', () => {
  it('do what is under one name one after the other, and what is under another at once', async () => {
    const turns = new Turns();
    const { log, work, end } = noted();
    const all = [turns.take('s', work('a')), turns.take('s', work('b')), turns.take('t', work('c'))];
    await setImmediate();
    expect(log).to.deep.equal(['a begins', 'c begins']);
    await end('a');
    expect(log.slice(2)).to.deep.equal(['a ends', 'b begins']);
    await end('c');
    await end('b');
    expect(await Promise.all(all)).to.deep.equal(['a', 'b', 'c']);
  });

  it('go on after what fails, which fails for whoever asked for it alone', async () => {
    const turns = new Turns();
    const { work, end } = noted();
    const first = turns.take('s', work('a')).catch((error: unknown) => String(error));
    const second = turns.take('s', work('b'));
    await setImmediate();
    await end('a', new Error('no'));
    await end('b');
    expect(await first).to.equal('Error: no');
    expect(await second).to.equal('b');
    const third = turns.take('s', work('c'));
    await setImmediate();
    await end('c');
    expect(await third).to.equal('c');
  });

  it('hold nobody up where too many wait: whoever comes then goes at once', async () => {
    const turns = new Turns();
    const { log, work, end } = noted();
    const names = Array.from({ length: 65 }, (_, index) => `w${index}`);
    const all = names.map((name) => turns.take('s', work(name)));
    await setImmediate();
    expect(log).to.deep.equal(['w64 begins', 'w0 begins']);
    for (const name of names) await end(name);
    expect(await Promise.all(all)).to.deep.equal(names);
  });

  function noted(): {
    log: string[];
    work: Noted['work'];
    end: (name: string, failure?: Error) => Promise<void>;
  } {
    const one = new Noted();
    return { log: one.log, work: one.work, end: (name, failure) => one.end(name, failure) };
  }
});
