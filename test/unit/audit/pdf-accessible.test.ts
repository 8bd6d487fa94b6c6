import { pdfOf, type ReportHead } from '@consent-ledger/audit/internal/exports/pdf';
import { expect } from 'chai';
import { inflateSync } from 'node:zlib';

/* What the PDF/UA-1 profile of veraPDF demanded of the report, held by the structure of the file (docs/audit.md says with which version it was checked). */

const COLUMNS = ['date', 'recipient', 'description'];
const HEAD: ReportHead = {
  title: 'Accounting of disclosures',
  about: ['Subject: somebody.'],
  columns: COLUMNS.map((name) => ({ name, heading: name.toUpperCase(), share: 1 })),
  empty: 'Nothing.',
  made: new Date(0),
};
const ROWS = 120;

async function made(rows: number): Promise<Buffer> {
  const page = {
    rows: Array.from({ length: rows }, (_, at) => ({
      date: '2026-11-24 19:48',
      recipient: `Klinika Łódź ${at}`,
      description: 'Νοσοκομείο, Больница, 病院',
    })),
  };
  const chunks: Buffer[] = [];
  for await (const chunk of pdfOf(HEAD, [page])) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Streams of the file, as they are once inflated. */
function streamsOf(file: Buffer): string[] {
  const text = file.toString('latin1');
  return [...text.matchAll(/\/Length (\d+)[^]*?stream\n/g)].map(({ 0: before, 1: length, index }) => {
    const bytes = file.subarray(index + before.length, index + before.length + Number(length));
    return (before.includes('/FlateDecode') ? inflateSync(bytes) : bytes).toString('latin1');
  });
}

describe('the report as an accessible document (PDF/UA-1)', () => {
  let file: Buffer;
  let text: string;
  let streams: string[];
  before(async () => {
    file = await made(ROWS);
    text = file.toString('latin1');
    streams = streamsOf(file);
  });

  it('says that it is one, its language and its title', () => {
    expect(text).to.match(/\/Lang \(en-GB\)/);
    expect(text).to.match(/\/Marked true/);
    expect(text).to.match(/\/DisplayDocTitle true/);
    const metadata = streams.find((stream) => stream.includes('<x:xmpmeta')) ?? '';
    expect(metadata).to.contain('<pdfuaid:part>1</pdfuaid:part>');
    expect(metadata).to.contain('Accounting of disclosures');
  });

  it('has a heading, paragraphs and one table, whose headings say that they head columns and stand in it once', () => {
    const count = (pattern: RegExp): number => [...text.matchAll(pattern)].length;
    expect(count(/\/S \/H1\b/g)).to.equal(1);
    expect(count(/\/S \/P\b/g)).to.equal(1);
    expect(count(/\/S \/Table\b/g)).to.equal(1);
    expect(count(/\/S \/TH\b/g)).to.equal(COLUMNS.length);
    expect(count(/\/Scope \/Column\b/g)).to.equal(COLUMNS.length);
    expect(count(/\/S \/TR\b/g)).to.equal(ROWS + 1);
    expect(count(/\/S \/TD\b/g)).to.equal(ROWS * COLUMNS.length);
  });

  it('embeds its fonts, with what their glyphs mean', () => {
    const fonts = [...text.matchAll(/\/Subtype \/Type0/g)].length;
    expect(fonts).to.equal(2);
    expect([...text.matchAll(/\/FontFile2 /g)]).to.have.length(fonts);
    expect([...text.matchAll(/\/ToUnicode /g)]).to.have.length(fonts);
    expect(text).not.to.match(/\/BaseFont \/Helvetica/);
  });

  it('marks everything that is drawn, on each page: as content or as an artifact, and ends each mark once', () => {
    const pages = streams.filter((stream) => /\bBT\b/.test(stream));
    expect(pages.length).to.be.greaterThan(2);
    for (const page of pages) {
      let depth = 0;
      for (const [operator] of page.matchAll(/\b(?:BDC|BMC|EMC|TJ|Tj|S)\b(?=\n|$)/g)) {
        if (operator === 'BDC' || operator === 'BMC') depth += 1;
        else if (operator === 'EMC') depth -= 1;
        else expect(depth, `${operator} outside of a mark`).to.be.greaterThan(0);
        expect(depth).to.be.within(0, 1);
      }
      expect(depth).to.equal(0);
    }
  });
});
