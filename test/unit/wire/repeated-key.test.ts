import { repeatedKey } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import fc from 'fast-check';

describe('A key that comes twice', () => {
  it('is found wherever it stands, however it is written', () => {
    const texts: Record<string, string> = {
      '{"a":1,"a":2}': 'a',
      '{"a":1,"b":{"c":[{"d":1},{"d":1,"e":{},"d":2}]}}': 'd',
      '{ "a" : 1 , "\\u0061" : 2 }': 'a',
      '{"\\"":1,"\\"":2}': '"',
      '{"\\\\":1,"x":"\\\\","\\\\":2}': '\\',
      '[{"__proto__":1,"__proto__":2}]': '__proto__',
      '{"a":{"b":1},"c":"}","a":0}': 'a',
      '{"":1,"":2}': '',
    };
    for (const [text, key] of Object.entries(texts)) {
      expect(() => JSON.parse(text) as unknown, text).not.to.throw();
      expect(repeatedKey(text), text).to.equal(key);
    }
  });

  it('is none in what is written once, nor among values', () => {
    for (const text of [
      '{"a":"a","b":["a","a"],"c":{"a":1}}',
      '[{"a":1},{"a":1}]',
      '"a"',
      '1',
      '{"a":"\\":{"}',
    ]) {
      expect(repeatedKey(text), text).to.equal(undefined);
    }
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        // The parser keeps each key once, and so does what it wrote.
        expect(repeatedKey(JSON.stringify(JSON.parse(text)))).to.equal(undefined);
      }),
    );
  });

  it('is found wherever it is put into an object', () => {
    const texts = fc.uniqueArray(fc.string({ unit: 'binary' }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(texts, fc.nat(), fc.string(), (keys, which, value) => {
        const twice = keys[which % keys.length] ?? '';
        const entries = [...keys, twice].map((key) => `${JSON.stringify(key)}:${JSON.stringify(value)}`);
        expect(repeatedKey(`{"outer":[{${entries.join(',')}}]}`)).to.equal(twice);
      }),
    );
  });
});
