import type { Asking } from '../questions/question.js';
import { everyPage } from '../questions/question.js';
import { disclosures } from '../questions/disclosures.js';
import { pdfOf } from './pdf.js';
import { purposeInWords } from './purpose-words.js';

/** The accounting of disclosures as a document for the person who asked for it. */
export function disclosureReport(
  asking: Asking,
  parameters: Readonly<Record<string, unknown>>,
  ledger: string,
): AsyncGenerator<Buffer> {
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
    everyPage(disclosures, asking, parameters),
  );
}

function minuteOf(instant: string): string {
  return instant.slice(0, 16).replace('T', ' ');
}
