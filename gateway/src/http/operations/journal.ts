import { RELEASE_MEDIA_TYPE } from '@consent-ledger/chaincode/wire/http';
import type { Journal } from '../../ports/journal.js';
import type { JournalAnswers } from '../../usecases/journal/answer-by-journal.js';
import type { PlacedFinding } from '../../usecases/journal/findings.js';
import { findingList, listJournal } from '../../usecases/journal/lists.js';
import type { Members } from '../../usecases/members.js';
import type { ReleaseOptions } from '../../usecases/release-records.js';
import type { HandlersOf } from '../handlers.js';
import { pump } from './ask.js';

/** Other members' gateways, in emergencies while the ledger is out of reach. */
export function journalAnswerHandlers(
  answers: JournalAnswers,
  describeProblem: (error: unknown, requestId: string) => ReturnType<ReleaseOptions['describeProblem']>,
): HandlersOf<'releaseByJournal' | 'countersignJournal'> {
  return {
    releaseByJournal: async ({ body, response, requestId }) => {
      const frames = await answers.answer(body.request, (error) => describeProblem(error, requestId));
      response.status(200).set({ 'Content-Type': RELEASE_MEDIA_TYPE, 'Cache-Control': 'no-store' });
      await pump(frames, response);
      response.end();
      return undefined;
    },
    countersignJournal: async ({ params, body }) => ({
      headers: { 'Cache-Control': 'no-store' },
      body: await answers.countersigned(params.jti, body.entry),
    }),
  };
}

export function journalHandlers(
  journal: Journal,
  members: Pick<Members, 'referenceOf'>,
  now: () => number,
): HandlersOf<'listJournal'> {
  return {
    listJournal: ({ query }) => Promise.resolve({ body: listJournal(query, journal, members, now()) }),
  };
}

/** For whoever reads custodians' events. */
export function journalFindingHandlers(
  findings: () => readonly PlacedFinding[],
  members: Pick<Members, 'referenceOf'>,
): HandlersOf<'listJournalFindings'> {
  return {
    listJournalFindings: ({ query }) => Promise.resolve({ body: findingList(query, findings(), members) }),
  };
}
