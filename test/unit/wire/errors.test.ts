import { ERRORS, type ErrorEntry } from '@consent-ledger/chaincode/wire';
import { expect } from 'chai';
import { readFileSync } from 'node:fs';

interface Row {
  readonly status: string;
  readonly grpc: string;
  readonly retry: string;
  readonly meaning: string;
}

describe('catalogue of errors', () => {
  const catalogue: readonly [string, ErrorEntry][] = Object.entries(ERRORS);
  const rows = new Map<string, Row>();

  before(() => {
    const text = readFileSync(new URL('../../../../docs/errors.md', import.meta.url), 'utf8');
    for (const line of text.split('\n')) {
      const [, code, status, grpc, retry, meaning] = line.split('|').map((cell) => cell.trim());
      const name = /^`([a-z-]+)`$/.exec(code ?? '')?.[1];
      if (name === undefined) continue;
      expect(rows.has(name), `${name} is documented twice`).to.be.false;
      rows.set(name, { status: status ?? '', grpc: grpc ?? '', retry: retry ?? '', meaning: meaning ?? '' });
    }
  });

  it('documents every code in docs/errors.md, as it is', () => {
    for (const [code, { status, grpc, retryable }] of catalogue) {
      const row = rows.get(code);
      expect(row, `${code} is not documented`).to.not.equal(undefined);
      expect(row, code).to.include({ status: String(status), grpc, retry: retryable ? 'yes' : 'no' });
      expect(row?.meaning, code).to.match(/\.$/);
    }
  });

  it('documents no code that is not there', () => {
    expect([...rows.keys()].filter((code) => !Object.hasOwn(ERRORS, code))).to.deep.equal([]);
  });

  it('gives every code an HTTP status of an error and something to do', () => {
    for (const [code, { status, action }] of catalogue) {
      expect(status, code).to.be.within(400, 599);
      expect(action, code).to.match(/^[A-Z].+\.$/);
    }
  });
});
