import { everyPage, type Asking, type Page } from '../questions/question.js';
import { disclosures } from '../questions/disclosures.js';
import { pdfOf } from './pdf.js';
import { purposeInWords } from './purpose-words.js';

/** Rows of a report: its tags are in memory until its end, some 16 KiB a row. */
export const MOST_ROWS = 10_000;

/** There are more rows than a report has. */
export class ReportTooLong extends Error {
  override readonly name = 'ReportTooLong';

  constructor(most: number) {
    super(
      `a PDF has ${most} rows at most, and there are more: take csv, or narrow the period with since and until`,
    );
  }
}

/**
 * The accounting of disclosures as a document for the person who asked for it.
 * @throws ReportTooLong before its first byte
 */
export async function disclosureReport(
  asking: Asking,
  parameters: Readonly<Record<string, unknown>>,
  ledger: string,
  most = MOST_ROWS,
): Promise<AsyncGenerator<Buffer>> {
  const pages = await allWithin(most, everyPage(disclosures, asking, parameters));
  const { subject, since, until } = parameters as { subject?: string; since?: number; until?: number };
  const made = new Date(asking.now);
  const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
  const period =
    since === undefined
      ? `Period: the six years up to ${day(until ?? asking.now)}.`
      : `Period: from ${day(since)} up to ${day(until ?? asking.now)}.`;
  return pdfOf(
    {
      title: 'Accounting of disclosures',
      about: [
        'Made under 45 CFR 164.528: who received health information, when, what it was, and for which purpose.',
        subject === undefined ? 'All subjects.' : `Subject: ${subject}.`,
        period,
        `Ledger ${ledger}; made ${made.toISOString()}. Times are UTC.`,
      ],
      columns: [
        { name: 'date', heading: 'Date', share: 12, show: minuteOf },
        { name: 'recipient', heading: 'Recipient', share: 14 },
        { name: 'address', heading: 'Address', share: 16 },
        { name: 'description', heading: 'What was disclosed', share: 27 },
        { name: 'purpose', heading: 'Purpose', share: 11, show: purposeInWords },
        { name: 'custodian', heading: 'Disclosed by', share: 12 },
        {
          name: 'received',
          heading: 'Acknowledged',
          share: 13,
          show: (at) => (at === '' ? 'no receipt' : minuteOf(at)),
        },
      ],
      empty: 'Nothing was disclosed in this period.',
      made,
    },
    pages,
  );
}

/** The rows alone are a small part of what they take as a report. */
async function allWithin(most: number, pages: AsyncIterable<Page>): Promise<Page[]> {
  const found: Page[] = [];
  let rows = 0;
  for await (const page of pages) {
    rows += page.rows.length;
    if (rows > most) throw new ReportTooLong(most);
    found.push(page);
  }
  return found;
}

function minuteOf(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}
