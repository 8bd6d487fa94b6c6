import { expect } from 'chai';
import { instantOf, sha256, type LoggedEntry } from '@consent-ledger/chaincode/wire';
import { listJournalFindingsQuery } from '@consent-ledger/chaincode/wire/http';
import { JournalFindings } from '@consent-ledger/gateway/internal/usecases/journal/findings';
import { findingList } from '@consent-ledger/gateway/internal/usecases/journal/lists';

const NOW = Date.parse('2026-11-24T12:00:00.000Z');
const CHAIN = 'A'.repeat(22);

/** A ledger with entries that nobody logged, due a second after each other. */
class CountingLedger {
  reads = 0;
  height = 1;
  lacking = 0;
  readonly logged: LoggedEntry[] = [];

  constructor(readonly count: number) {}

  pending() {
    return [{ block: 1, values: this.lacking }];
  }

  publicValues() {
    this.reads += 1;
    return Array.from({ length: this.count }, (_, seq) => {
      const due = instantOf(NOW + seq * 1_000);
      const entry = sha256(String(seq));
      const commitment = { v: 1, mspId: 'LakesideMSP', chain: CHAIN, seq, entry, due, at: due };
      return { key: `journal/LakesideMSP/${CHAIN}/${seq}`, value: Buffer.from(JSON.stringify(commitment)) };
    });
  }

  entries(): LoggedEntry[] {
    return this.logged;
  }
}

describe('what is wrong with emergency journals', () => {
  it('is worked out again only where something was folded or a time has passed', () => {
    const ledger = new CountingLedger(3);
    const findings = new JournalFindings(ledger, ledger, true);
    const found = (now: number): [number, number] => [findings.at(now).length, ledger.reads];
    expect(found(NOW - 5_000)).to.deep.equal([0, 1]);
    for (const before of [NOW - 4_000, NOW - 1, NOW]) expect(found(before)).to.deep.equal([0, 1]);
    expect(found(NOW + 1), 'the first is due').to.deep.equal([1, 2]);
    expect(found(NOW + 1_000)).to.deep.equal([1, 2]);
    expect(found(NOW + 5_000), 'all are').to.deep.equal([3, 3]);
    expect(found(NOW + 9_000_000), 'for ever').to.deep.equal([3, 3]);
    ledger.height = 2;
    expect(found(NOW + 9_000_000), 'a block').to.deep.equal([3, 4]);
    ledger.lacking = 1;
    expect(found(NOW + 9_000_000), 'a value that had been missing').to.deep.equal([3, 5]);
    expect(found(NOW - 1), 'a clock that was set back').to.deep.equal([0, 6]);
  });

  it('is told of its own events to who does not read all', () => {
    const ledger = new CountingLedger(3);
    expect(new JournalFindings(ledger, ledger, false).at(NOW + 9_000)).to.deep.equal([]);
  });

  it('is given in pages that lose and repeat nothing', () => {
    const ledger = new CountingLedger(25);
    const all = new JournalFindings(ledger, ledger, true).at(NOW + 100_000);
    const members = { referenceOf: (mspId: string) => `Organization/${mspId}` };
    const seen: number[] = [];
    let after: string | undefined;
    do {
      const query = listJournalFindingsQuery.parse({ limit: '10', ...(after !== undefined && { after }) });
      const page = findingList(query, all, members);
      expect(page.findings).to.have.length.of.at.most(10);
      seen.push(...page.findings.map(({ seq }) => seq));
      after = page.next;
    } while (after !== undefined);
    expect(seen).to.deep.equal(Array.from({ length: 25 }, (_, seq) => seq));
  });
});
