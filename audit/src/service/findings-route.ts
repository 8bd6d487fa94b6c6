import { primitives, z } from '@consent-ledger/chaincode/wire';
import { json, type RequestHandler } from 'express';
import { FINDING_ENTRY, FINDINGS, positionOfEvent } from '../unusual/findings.js';
import type { ProjectionStore } from '../projection/store.js';
import type { QuestionLog } from '../questions/question-log.js';
import { ServiceRefusal } from './service-refusal.js';

const BODY_BYTES = '4kb';

/** What an auditor found who looked into an access. */
export const findingBody = z.strictObject({
  event: primitives.eventKey.describe('key of the access event, as the lists have it'),
  finding: z.enum(FINDINGS).describe('whether there was a reason to look'),
});

export const findingAnswer = z.strictObject({
  number: z.number().int().describe('of the entry in the log of questions'),
  at: primitives.instant,
  event: z.string(),
  finding: z.enum(FINDINGS),
});

/** Whatever it is called, a body is JSON here. */
export const findingParser: RequestHandler = json({ limit: BODY_BYTES, type: () => true });

/** Writes a finding into the log of questions, where unusual access is measured by it from then on. */
export function recordFinding({
  store,
  log,
}: {
  readonly store: ProjectionStore;
  readonly log: QuestionLog;
}): RequestHandler {
  return async (request, response) => {
    const parsed = findingBody.safeParse(request.body);
    if (!parsed.success)
      throw new ServiceRefusal(
        'body-malformed',
        parsed.error.issues.map(({ path, message }) => ({
          path: ['body', ...path.map(String)].join('.'),
          message,
        })),
      );
    const { event, finding } = parsed.data;
    if ((await positionOfEvent(store.db, event)) === undefined) throw new ServiceRefusal('event-unknown');
    const { who } = response.locals as { who: string };
    const { number, at } = log.append({
      who,
      via: 'api',
      question: FINDING_ENTRY,
      parameters: { event, finding },
    });
    response.status(201).json({ number, at, event, finding });
  };
}
