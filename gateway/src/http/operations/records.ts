import { RELEASE_MEDIA_TYPE } from '@consent-ledger/chaincode/wire/http';
import { isKnownPurpose } from '@consent-ledger/chaincode/domain';
import { decodeJwt } from 'jose';
import {
  askMember,
  readOwn,
  type AskOptions,
  type Opened,
  type ReadOwnOptions,
} from '../../usecases/ask-for-records.js';
import { answerCohort } from '../../usecases/cohort/answer-cohort.js';
import {
  askByJournal,
  mayAskByJournal,
  type AskByJournalOptions,
} from '../../usecases/journal/ask-by-journal.js';
import type { Decisions } from '../../usecases/decisions.js';
import type { Deliveries } from '../../usecases/deliveries.js';
import type { FindOptions } from '../../usecases/finding/find-records.js';
import type { Members } from '../../usecases/members.js';
import { releaseRecords, type ReleaseOptions } from '../../usecases/release-records.js';
import { Refusal } from '../../usecases/refusal.js';
import type { HandlersOf } from '../handlers.js';
import { pump, sendRecord, sendRecords } from './ask.js';

export interface AskHandlerOptions {
  readonly members: Pick<Members, 'byReference' | 'own'>;
  readonly ask: AskOptions;
  /** For emergencies while the ledger is out of reach. */
  readonly journal: Pick<AskByJournalOptions, 'journal' | 'member'> | undefined;
  /** Where this member keeps records itself. */
  readonly own: ReadOwnOptions | undefined;
}

/** A member's users ask for records, of others or of their own house. */
export function askHandlers({ members, ask, journal, own }: AskHandlerOptions): HandlersOf<'requestAccess'> {
  return {
    requestAccess: async ({ body, user, signal, response }) => {
      const custodian = members.byReference(body.custodian);
      if (custodian?.kind !== 'hospital') throw new Refusal('custodian-unknown');
      const { records, purpose, emergency, legalBasis, study } = body;
      const what = { records, purpose: unique(purpose), emergency, legalBasis, study };
      const asked = { custodian: custodian.mspId, ...what };
      const isOwn = own !== undefined && custodian.mspId === members.own.mspId;
      requireKnown(purpose, '$.purpose', isOwn ? own : undefined);
      const opened = isOwn
        ? await readOwn(asked, user, own)
        : await askMember(asked, user, signal, ask).catch((error: unknown) => {
            if (journal !== undefined && mayAskByJournal(asked, error))
              return askByJournal(asked, user, signal, error, { ...ask, ...journal });
            throw knownToCustodian(error, purpose);
          });
      await closing(opened, () =>
        records.length === 1 ? sendRecord(response, opened) : sendRecords(response, opened, body.custodian),
      );
      return undefined;
    },
  };
}

/** The custodian's own staff, one record. */
export function readOwnHandlers(own: ReadOwnOptions): HandlersOf<'getRecord'> {
  return {
    getRecord: async ({ params, query, user, response }) => {
      const { purpose, emergencyReason, legalBasis } = query;
      requireKnown(purpose, 'query.purpose', own);
      const emergency = emergencyReason === undefined ? undefined : { reason: emergencyReason };
      const custodian = own.custody.custodian;
      const asked = { custodian, records: [params.id], purpose: unique(purpose), emergency, legalBasis };
      const opened = await readOwn(asked, user, own);
      await closing(opened, () => sendRecord(response, opened));
      return undefined;
    },
  };
}

export interface ReleaseHandlerOptions {
  readonly decisions: Pick<Decisions, 'accept' | 'decide'>;
  /** `describeProblem` comes with the call, since a problem names it. */
  readonly release: Omit<ReleaseOptions, 'describeProblem'>;
  readonly describeProblem: (
    error: unknown,
    requestId: string,
  ) => ReturnType<ReleaseOptions['describeProblem']>;
  readonly find: FindOptions;
  readonly deliveries: Pick<Deliveries, 'log'>;
}

/** Other members' gateways. */
export function releaseHandlers({
  decisions,
  release,
  find,
  describeProblem,
  deliveries,
}: ReleaseHandlerOptions): HandlersOf<'release' | 'answerCohort' | 'receipt'> {
  return {
    answerCohort: async ({ body, response, requestId }) => {
      response.status(200).set({ 'Content-Type': RELEASE_MEDIA_TYPE, 'Cache-Control': 'no-store' });
      const describe = (error: unknown): ReturnType<ReleaseOptions['describeProblem']> =>
        describeProblem(error, requestId);
      const options = { find, release: { ...release, describeProblem: describe } };
      await pump(answerCohort(body.requests, options), response);
      response.end();
      return undefined;
    },
    release: async ({ body, response, requestId }) => {
      const request = decisions.accept(body.request);
      const deciding = decisions.decide(request);
      response.status(200).set({ 'Content-Type': RELEASE_MEDIA_TYPE, 'Cache-Control': 'no-store' });
      const describe = (error: unknown): ReturnType<ReleaseOptions['describeProblem']> =>
        describeProblem(error, requestId);
      await pump(releaseRecords(request, deciding, { ...release, describeProblem: describe }), response);
      response.end();
      return undefined;
    },
    receipt: async ({ params, body }) => {
      const { transaction, block } = await deliveries.log(body.receipt, claimsOf(body.receipt), params.jti);
      return { body: { transaction, block } };
    },
  };
}

/** What the receipt says, before anybody looked who signed it. */
function claimsOf(receipt: string): unknown {
  try {
    return decodeJwt(receipt);
  } catch (cause) {
    throw new Refusal('receipt-refused', { cause });
  }
}

async function closing(opened: Pick<Opened, 'close'>, send: () => Promise<void>): Promise<void> {
  try {
    await send();
  } finally {
    await opened.close();
  }
}

/** A custodian refuses a whole request object for one purpose of a system that it has not registered; nothing else of ours is malformed. */
export function knownToCustodian(error: unknown, purposes: readonly string[]): unknown {
  if (!(error instanceof Refusal) || error.code !== 'request-malformed') return error;
  const errors = purposes.flatMap((purpose, index) =>
    isKnownPurpose(purpose)
      ? []
      : [
          {
            path: `$.purpose[${index}]`,
            message: 'may be of a code system that the custodian has not registered',
          },
        ],
  );
  return errors.length === 0 ? error : new Refusal('body-malformed', { errors, cause: error });
}

/**
 * A purpose that nobody knows could only come back as a refusal of the whole request object. Which systems another
 * custodian has registered is for that custodian to say.
 */
export function requireKnown(
  purposes: readonly string[],
  path: string,
  own: Pick<ReadOwnOptions, 'custody'> | undefined,
): void {
  const isKnown = (purpose: string): boolean =>
    own === undefined
      ? isKnownPurpose(purpose) || /^[^|]+\|./.test(purpose)
      : isKnownPurpose(purpose, own.custody.custody.policy.purposeSystems);
  const errors = purposes.flatMap((purpose, index) =>
    isKnown(purpose)
      ? []
      : [
          {
            path: `${path}[${index}]`,
            message: 'is no purpose of use of v3 ActReason, nor system|code of a registered system',
          },
        ],
  );
  if (errors.length > 0)
    throw new Refusal(path.startsWith('$') ? 'body-malformed' : 'parameter-malformed', { errors });
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)];
}
