import { fileURLToPath } from 'node:url';
import PDFDocument from 'pdfkit';
import type { AnswerRow, Page } from '../questions/question.js';
import { cellText } from './csv.js';
import { printable } from './printable.js';

/** What the report says of itself. */
export interface ReportHead {
  readonly title: string;
  /** Lines under the title: whose, since when, from which ledger, made when. */
  readonly about: readonly string[];
  readonly columns: readonly ReportColumn[];
  /** Where there is not one row. */
  readonly empty: string;
  readonly made: Date;
}

export interface ReportColumn {
  readonly name: string;
  readonly heading: string;
  /** Share of the width. */
  readonly share: number;
  /** How a cell's text is shown; as it is, unless told. */
  readonly show?: (text: string) => string;
}

const MARGIN = 40;
const PADDING = 4;
const SIZE = 7;
const GREY = '#555555';

/** The fonts are embedded, as far as letters occur: what a reader has installed makes no difference (PDF/UA-1, section 7.21.4). */
const FONTS = {
  plain: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf')),
  bold: fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf')),
};

/** Of whole columns (PDF/UA-1, section 7.5). */
const HEADS_COLUMN: PDFKit.Mixins.StructureElementOptions & { readonly scope: 'Column' } = {
  scope: 'Column',
};

/**
 * A report as PDF/UA-1 (ISO 14289-1), page by page as the rows come: A4 across, heading repeated on each page, tagged (PDF 32000-1, section 14.8: title, paragraphs, a table
 * whose headings say that they head columns) with language and title, so that a screen reader reads it as it is meant.
 */
export async function* pdfOf(head: ReportHead, pages: Iterable<Page>): AsyncGenerator<Buffer> {
  const report = new Report(head);
  for (const { rows } of pages) {
    for (const row of rows) report.row(row);
    yield* report.taken();
  }
  report.end();
  yield* report.rest();
}

/** Of this the types do not know. */
interface WithMetadata {
  appendXML(xml: string): void;
}

/** PDF/UA-1, section 5: a document says that it is one. PDFKit's own `subset` for it adds a `CIDSet` that its fonts do not keep to. */
const CONFORMS = `
        <rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="">
            <pdfuaid:part>1</pdfuaid:part>
        </rdf:Description>
        `;

class Report {
  readonly #document: PDFKit.PDFDocument;
  readonly #head: ReportHead;
  readonly #root: PDFKit.PDFStructureElement;
  #table: PDFKit.PDFStructureElement | undefined;
  #page = 0;
  #isArtifact = false;

  constructor(head: ReportHead) {
    this.#head = head;
    this.#document = new PDFDocument({
      size: 'A4',
      layout: 'landscape',
      margin: MARGIN,
      pdfVersion: '1.7',
      tagged: true,
      font: FONTS.plain,
      lang: 'en-GB',
      displayTitle: true,
      autoFirstPage: false,
      info: { Title: head.title, Creator: 'consent-ledger', CreationDate: head.made },
    });
    (this.#document as PDFKit.PDFDocument & WithMetadata).appendXML(CONFORMS);
    this.#root = this.#document.struct('Document');
    this.#document.addStructure(this.#root);
    this.#newPage();
    this.#opening();
  }

  row(row: AnswerRow): void {
    const cells = this.#head.columns.map(({ name, show = (text) => text }) =>
      printable(show(cellText(row[name]))),
    );
    const table = this.#table ?? this.#openTable();
    this.#line(table, 'TD', cells);
  }

  /** What is written by now. */
  *taken(): Generator<Buffer> {
    for (let chunk = this.#read(); chunk !== null; chunk = this.#read()) yield chunk;
  }

  end(): void {
    if (this.#table === undefined) this.#paragraph(this.#head.empty);
    this.#table?.end();
    this.#root.end();
    this.#document.end();
  }

  async *rest(): AsyncGenerator<Buffer> {
    for await (const chunk of this.#document) yield chunk as Buffer;
  }

  #read(): Buffer | null {
    return this.#document.read() as Buffer | null;
  }

  #opening(): void {
    const { title, about } = this.#head;
    const heading = this.#document.struct('H1', {}, () => {
      this.#document.font(FONTS.bold).fontSize(15).fillColor('black').text(printable(title));
    });
    this.#root.add(heading);
    heading.end();
    this.#document.moveDown(0.3);
    about.forEach((line) => {
      this.#paragraph(line);
    });
    this.#document.moveDown(0.7);
  }

  #paragraph(text: string): void {
    const paragraph = this.#document.struct('P', {}, () => {
      this.#document.font(FONTS.plain).fontSize(8).fillColor('black').text(printable(text), MARGIN);
    });
    this.#root.add(paragraph);
    paragraph.end();
  }

  #openTable(): PDFKit.PDFStructureElement {
    const table = this.#document.struct('Table');
    this.#root.add(table);
    this.#table = table;
    this.#line(
      table,
      'TH',
      this.#head.columns.map(({ heading }) => heading),
    );
    return table;
  }

  #line(table: PDFKit.PDFStructureElement, kind: 'TH' | 'TD', cells: readonly string[]): void {
    const height = this.#heightOf(cells, kind);
    if (this.#document.y + height > this.#bottom()) {
      this.#newPage();
      // Seen again on each page, and read once.
      this.#artifact(() => {
        this.#draw(
          this.#head.columns.map(({ heading }) => heading),
          'TH',
          (_cell, draw) => {
            draw();
          },
        );
      });
    }
    const row = this.#document.struct('TR');
    table.add(row);
    this.#draw(cells, kind, (_cell, draw) => {
      const cell = this.#document.struct(kind, kind === 'TH' ? HEADS_COLUMN : {}, draw);
      row.add(cell);
      cell.end();
    });
    row.end();
  }

  #draw(cells: readonly string[], kind: 'TH' | 'TD', around: (cell: string, draw: () => void) => void): void {
    const top = this.#document.y;
    const height = this.#heightOf(cells, kind);
    let x = MARGIN;
    cells.forEach((cell, index) => {
      const width = this.#widthOf(index);
      const left = x;
      around(cell, () => {
        this.#font(kind).text(cell, left + PADDING, top + PADDING, { width: width - 2 * PADDING });
      });
      x += width;
    });
    const line = top + height;
    this.#artifact(() => {
      this.#document
        .moveTo(MARGIN, line)
        .lineTo(x, line)
        .lineWidth(kind === 'TH' ? 1 : 0.3)
        .strokeColor(kind === 'TH' ? 'black' : '#bbbbbb')
        .stroke();
    });
    this.#document.x = MARGIN;
    this.#document.y = line;
  }

  #heightOf(cells: readonly string[], kind: 'TH' | 'TD'): number {
    const heights = cells.map((cell, index) =>
      this.#font(kind).heightOfString(cell === '' ? ' ' : cell, {
        width: this.#widthOf(index) - 2 * PADDING,
      }),
    );
    return Math.max(...heights) + 2 * PADDING;
  }

  #font(kind: 'TH' | 'TD'): PDFKit.PDFDocument {
    return this.#document
      .font(kind === 'TH' ? FONTS.bold : FONTS.plain)
      .fontSize(SIZE)
      .fillColor('black');
  }

  #widthOf(column: number): number {
    const all = this.#head.columns.reduce((sum, { share }) => sum + share, 0);
    return ((this.#document.page.width - 2 * MARGIN) * (this.#head.columns[column]?.share ?? 0)) / all;
  }

  #bottom(): number {
    return this.#document.page.height - MARGIN - 10;
  }

  #newPage(): void {
    this.#document.addPage();
    this.#page += 1;
    this.#artifact(() => {
      const { page } = this.#document;
      const y = page.height - MARGIN + 8;
      // Below the margin nothing must begin a new page.
      const { bottom } = page.margins;
      page.margins.bottom = 0;
      this.#document.font(FONTS.plain).fontSize(7).fillColor(GREY);
      this.#document.text(printable(this.#head.title), MARGIN, y, { lineBreak: false });
      this.#document.text(`Page ${this.#page}`, page.width - MARGIN - 60, y, {
        width: 60,
        align: 'right',
        lineBreak: false,
      });
      page.margins.bottom = bottom;
    });
    this.#document.x = MARGIN;
    this.#document.y = MARGIN;
  }

  /** Ink that is no content: a screen reader passes it over. */
  #artifact(draw: () => void): void {
    // Within one, everything is.
    if (this.#isArtifact) {
      draw();
      return;
    }
    this.#isArtifact = true;
    this.#document.markContent('Artifact', { type: 'Pagination' });
    draw();
    this.#document.endMarkedContent();
    this.#isArtifact = false;
  }
}
