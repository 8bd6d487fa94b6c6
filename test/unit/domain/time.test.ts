import { formatInstant, parseDateTime, parseInstant } from '@consent-ledger/chaincode/domain';
import { expect } from 'chai';
import fc from 'fast-check';

describe('FHIR dates and instants', () => {
  it('mean the span that their precision says', () => {
    const spans: Record<string, [number, number]> = {
      '2024': [Date.UTC(2024, 0), Date.UTC(2025, 0)],
      '2024-12': [Date.UTC(2024, 11), Date.UTC(2025, 0)],
      '2024-02-29': [Date.UTC(2024, 1, 29), Date.UTC(2024, 2, 1)],
      '2024-06-15T12:00:00Z': [Date.UTC(2024, 5, 15, 12), Date.UTC(2024, 5, 15, 12, 0, 1)],
      '2024-06-15T12:00:00.5Z': [Date.UTC(2024, 5, 15, 12, 0, 0, 500), Date.UTC(2024, 5, 15, 12, 0, 0, 600)],
      '2024-06-15T12:00:00.123+05:30': [
        Date.UTC(2024, 5, 15, 6, 30, 0, 123),
        Date.UTC(2024, 5, 15, 6, 30, 0, 124),
      ],
      '2024-06-15T23:30:00-02:00': [Date.UTC(2024, 5, 16, 1, 30), Date.UTC(2024, 5, 16, 1, 30, 1)],
      '2016-12-31T23:59:60Z': [Date.UTC(2017, 0), Date.UTC(2017, 0, 1, 0, 0, 1)],
    };
    for (const [text, [from, until]] of Object.entries(spans)) {
      expect(parseDateTime(text), text).to.deep.equal({ from, until });
    }
  });

  it('are the whole millisecond where the text is finer', () => {
    const second = Date.UTC(2024, 5, 15, 12);
    for (const [fraction, millis] of Object.entries({
      '1234': 123,
      '1235999': 123,
      '9999999': 999,
      '999999999999': 999,
    })) {
      expect(parseDateTime(`2024-06-15T12:00:00.${fraction}Z`), fraction).to.deep.equal({
        from: second + millis,
        until: second + millis + 1,
      });
    }
  });

  it('are refused where they are none', () => {
    const none = [
      ...[
        '',
        '24',
        '0000',
        '2024-13',
        '2024-00',
        '2024-02-30',
        '2023-02-29',
        '1900-02-29',
        '2024-1-1',
        '2024-06-31',
      ],
      ...[
        '2024-06-15T12:00:00',
        '2024-06-15T12:00Z',
        '2024-06-15T24:00:00Z',
        '2024-06-15T12:60:00Z',
        '2024-06-15T12:00:61Z',
      ],
      ...[
        '2024-06-15T12:00:00+14:01',
        '2024-06-15T12:00:00+1:00',
        '2024-06-15T12:00:00z',
        '2024-06-15 12:00:00Z',
      ],
      ...['2024-06-15T12:00:00.Z', '2024-06-15T12:00:00Z ', '+2024', '2024-06T12:00:00Z', '２０２４'],
    ];
    for (const text of none) expect(parseDateTime(text), text).to.equal(undefined);
    for (const text of ['2024', '2024-06', '2024-06-15'])
      expect(parseInstant(text), text).to.equal(undefined);
  });

  it('agree with the Gregorian calendar for every instant of its years', () => {
    fc.assert(
      fc.property(
        fc
          .integer({ min: Date.UTC(1, 0, 1) - 1.9e12, max: Date.UTC(9999, 11, 31) })
          .filter((ms) => ms > -62_135_596_800_000),
        (ms) => {
          const text = new Date(ms).toISOString();
          expect(parseInstant(text)).to.equal(ms);
          expect(new Date(formatInstant(ms)).getTime()).to.equal(ms);
        },
      ),
    );
  });

  it('are written to the second, and to the millisecond where there is one', () => {
    expect(formatInstant(Date.UTC(2026, 10, 25, 10))).to.equal('2026-11-25T10:00:00Z');
    expect(formatInstant(Date.UTC(2026, 10, 25, 10, 0, 0, 7))).to.equal('2026-11-25T10:00:00.007Z');
  });

  it('are never written in a year that FHIR does not have', () => {
    for (const after of [parseDateTime('9999')?.until ?? 0, Date.UTC(20000, 0), 1e300]) {
      expect(formatInstant(after)).to.equal('9999-12-31T23:59:59.999Z');
    }
  });
});
