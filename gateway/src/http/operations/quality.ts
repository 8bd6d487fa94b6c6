import type { QualityReports } from '../../usecases/quality/quality-reports.js';
import type { HandlersOf } from '../handlers.js';

/** What does not fit in a custodian's records. */
export function qualityHandlers(
  reports: QualityReports,
): HandlersOf<'getRecordQuality' | 'getSubjectQuality'> {
  return {
    getRecordQuality: async ({ params }) => ({ body: await reports.ofRecord(params.id) }),
    getSubjectQuality: async ({ params, query }) => ({ body: await reports.ofSubject(params.id, query) }),
  };
}
