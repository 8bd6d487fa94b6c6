import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Response } from 'express';
import { disclosureReport, MOST_ROWS, ReportTooLong } from '../exports/disclosure-report.js';
import type { Asking } from '../questions/question.js';
import { ServiceRefusal } from './service-refusal.js';

/** A report is in memory until its last byte is gone: so many are on their way at once. */
const MOST_AT_ONCE = 2;

/** Accountings of disclosures as PDF, over HTTPS. */
export class ReportAnswers {
  #underWay = 0;

  /** @param most rows of one; a longer one is refused before its first byte */
  constructor(
    readonly ledger: string,
    readonly most = MOST_ROWS,
  ) {}

  /** @throws ServiceRefusal `report-too-long`, `too-many-requests` */
  async send(
    asking: Asking,
    parameters: Readonly<Record<string, unknown>>,
    response: Response,
  ): Promise<void> {
    if (this.#underWay >= MOST_AT_ONCE) throw new ServiceRefusal('too-many-requests');
    this.#underWay += 1;
    try {
      const report = await disclosureReport(asking, parameters, this.ledger, this.most);
      response.type('application/pdf');
      await pipeline(Readable.from(report), response);
    } catch (error) {
      if (!(error instanceof ReportTooLong)) throw error;
      throw new ServiceRefusal('report-too-long', [{ path: 'query.format', message: error.message }], {
        cause: error,
      });
    } finally {
      this.#underWay -= 1;
    }
  }
}
