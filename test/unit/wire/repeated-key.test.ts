import { repeatedKey, surveyJson } from '@consent-ledger/chaincode/wire';
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

  it('is found among many keys, the last of a thousand as well as the first', () => {
    const keys = Array.from({ length: 1_000 }, (_, index) => `"k${index}":0`);
    for (const twice of ['k0', 'k11', 'k12', 'k13', 'k999'])
      expect(repeatedKey(`{${keys.join(',')},"${twice}":1}`), twice).to.equal(twice);
    expect(repeatedKey(`{${keys.join(',')}}`)).to.equal(undefined);
  });
});

describe('How deep a text goes', () => {
  it('is what its brackets outside strings say, JSON or not', () => {
    const deep = (text: string): number => {
      let limit = 0;
      while (surveyJson(text, limit).isTooDeep) limit += 1;
      return limit;
    };
    const texts: Record<string, number> = {
      '': 0,
      '"[[["': 0,
      '"\\"[[["': 0,
      '"\\\\"[[[': 3,
      '[{"a":[{}]},[]]': 4,
      '[][][{}]': 2,
      ']]]][[[': 0,
      ']}[[': 0,
      '{"\\u{":{': 2,
      '{"\\uZZZZ":[[': 3,
    };
    for (const [text, depth] of Object.entries(texts)) expect(deep(text), text).to.equal(depth);
  });

  it('is the same as by the plainest count of it, for any text', () => {
    const plain = (text: string): number => {
      let depth = 0;
      let deepest = 0;
      let isInString = false;
      for (let at = 0; at < text.length; at += 1) {
        const character = text.charAt(at);
        if (isInString && character === '\\') at += 1;
        else if (character === '"') isInString = !isInString;
        else if (!isInString && '[{'.includes(character)) deepest = Math.max(deepest, (depth += 1));
        else if (!isInString && ']}'.includes(character)) depth -= 1;
      }
      return deepest;
    };
    const texts = fc.string({
      unit: fc.constantFrom('[', ']', '{', '}', '"', '\\', ':', 'a', ' '),
      maxLength: 60,
    });
    fc.assert(
      fc.property(texts, fc.nat({ max: 8 }), (text, limit) => {
        expect(surveyJson(text, limit).isTooDeep).to.equal(plain(text) > limit);
      }),
      { numRuns: 1_000 },
    );
  });
});
