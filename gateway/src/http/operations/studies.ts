import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { ExportLog } from '../../ports/export-log.js';
import { pseudonymOf } from '../../usecases/request-object.js';
import type { Members } from '../../usecases/members.js';
import { acknowledgeStop, type AcknowledgeOptions } from '../../usecases/acknowledge-stop.js';
import { filedEvidence } from '../../usecases/evidence.js';
import { Refusal } from '../../usecases/refusal.js';
import { describeStudy, stateStudy, type StateStudyOptions } from '../../usecases/state-study.js';
import { enrol, fileStudyConsent, makeStudyConsent, type StudySite } from '../../usecases/study-consents.js';
import type { TrialView } from '../../usecases/trial-view.js';
import type { HandlersOf } from '../handlers.js';
import { witnessFor } from '../witness.js';
import { followChanges, type Listeners } from './study-events.js';
import { csvOf, fhirOf } from './study-export.js';

export interface StudyHandlerOptions extends StateStudyOptions {
  readonly view: TrialView;
  readonly listeners: Listeners;
  readonly exports: ExportLog;
  readonly pseudonymKey: Uint8Array;
  readonly now: () => number;
}

type ReadOperation =
  | 'listStudies'
  | 'getStudy'
  | 'studyCounts'
  | 'listParticipations'
  | 'studyChanges'
  | 'studyAlerts'
  | 'exportStudy';

/** What every member reads of the studies that it has a part in. */
export function studyHandlers(options: StudyHandlerOptions): HandlersOf<ReadOperation> {
  const { studies, view, listeners } = options;
  return {
    listStudies: () =>
      Promise.resolve({ body: { studies: studies.all().map((study) => describeStudy(study, options)) } }),
    getStudy: ({ params }) => Promise.resolve({ body: describeStudy(view.require(params.id), options) }),
    studyCounts: ({ params }) => Promise.resolve({ body: view.counts(params.id) }),
    listParticipations: ({ params, query }) => Promise.resolve({ body: view.list(params.id, query) }),
    studyChanges: async ({ params, query, request, response, signal }) => {
      const page = view.changes(params.id, query.after, query.limit);
      if (request.headers.accept?.includes('text/event-stream') !== true) return { body: page };
      const after = request.headers['last-event-id'];
      await followChanges(response, signal, listeners, (from) =>
        view.changes(params.id, from ?? (typeof after === 'string' ? after : query.after)),
      );
      return undefined;
    },
    studyAlerts: ({ params }) => Promise.resolve({ body: { alerts: view.alerts(params.id) } }),
    exportStudy: async ({ params, query, response, user }) => {
      const study = describeStudy(view.require(params.id), options);
      // On the disk before the first byte leaves: what cannot be logged is not taken out.
      options.exports.append({
        at: new Date(options.now()).toISOString(),
        user: pseudonymOf(user.subject, options.pseudonymKey),
        what: 'study-participations',
        about: study.study,
        format: query.format,
      });
      const isCsv = query.format === 'csv';
      const lines = isCsv ? csvOf(study.study, view.all(study.study)) : fhirOf(study, view.all(study.study));
      response.status(200).set({
        'Content-Type': isCsv ? 'text/csv; charset=utf-8' : 'application/fhir+json; charset=utf-8',
        'Cache-Control': 'no-store',
      });
      await pipeline(Readable.from(lines), response);
      return undefined;
    },
  };
}

/** What a sponsor does. */
export function sponsorHandlers(
  options: StudyHandlerOptions & { readonly acknowledging: AcknowledgeOptions },
): HandlersOf<'putStudy' | 'acknowledgeStop'> {
  const { view, members, acknowledging } = options;
  return {
    putStudy: async ({ params, body }) => {
      await stateStudy(params.id, body, options);
      return { body: describeStudy(view.require(params.id), options) };
    },
    acknowledgeStop: async ({ params, body: { site, ...said } }) => {
      const mspId = members.byReference(site)?.mspId;
      if (mspId === undefined) throw new Refusal('participation-unknown');
      const stop = { study: params.id, site: mspId, ...said };
      const { transaction, block } = await acknowledgeStop(stop, acknowledging);
      return { body: { study: params.id, ...said, transaction, block } };
    },
  };
}

/** What a site does. */
export function siteHandlers(
  site: StudySite & { readonly pseudonymKey: Uint8Array; readonly members: Members },
): HandlersOf<'enrol' | 'makeStudyConsent' | 'fileStudyConsent'> {
  return {
    enrol: async ({ params: { id: study, subject }, body: { status } }) => {
      const { transaction, block } = await enrol(study, subject, status, site);
      return { body: { study, subject, status, transaction, block } };
    },
    makeStudyConsent: ({ params, body }) =>
      Promise.resolve({ body: makeStudyConsent(params.id, body, site) }),
    fileStudyConsent: async ({ params, body: { evidence: given, ...chosen }, user }) => {
      const evidence = filedEvidence(given, witnessFor(user, site.pseudonymKey));
      const { filed, transaction, block } = await fileStudyConsent(params.id, chosen, evidence, site);
      const { consent, version, subject, digest } = filed;
      return {
        headers: { Location: `/v1/consents/${consent}` },
        body: { consent, version, subject, digest, transaction, block },
      };
    },
  };
}
