import { withFound } from '@consent-ledger/chaincode/wire';
import { encodeControl } from '../../release/frames.js';
import type { AcceptedRequest, Decided } from '../decisions.js';
import { pageFor, type FindOptions } from '../finding/find-records.js';
import { releaseRecords, type ReleaseOptions } from '../release-records.js';

export interface AnswerCohortOptions {
  readonly find: FindOptions;
  readonly release: ReleaseOptions;
}

/** A request that is being decided, with what was found for it. */
interface Begun {
  readonly request: AcceptedRequest;
  readonly deciding: Promise<Decided>;
  readonly next: string | undefined;
}

/**
 * A site's answer to the signed requests of a sponsor for its participants, one after the other in one stream, each as it would be
 * answered alone. All are handed over to be decided at once, so that they go into few transactions; each is its own event. The key
 * of each leaves after a last look of its own: whoever withdraws in the middle of the stream stops what has not left yet.
 */
export async function* answerCohort(
  texts: readonly string[],
  options: AnswerCohortOptions,
): AsyncGenerator<Uint8Array> {
  const { release } = options;
  const begun = await Promise.all(texts.map((text) => begin(text, options).catch((error: unknown) => error)));
  for (const [place, one] of begun.entries()) {
    yield encodeControl({ frame: 'answer', place });
    if (!isBegun(one)) {
      yield encodeControl({ frame: 'failed', problem: release.describeProblem(one) });
      continue;
    }
    const { request, deciding, next } = one;
    const accept = (text: string): AcceptedRequest => withFound(release.accept(text), request.claims.records);
    yield* releaseRecords(request, deciding, {
      ...release,
      accept,
      ...(next === undefined ? {} : { next }),
    });
  }
}

/** What may be found for it is found, and it waits to be decided. Throws a Refusal. */
async function begin(text: string, { find }: AnswerCohortOptions): Promise<Begun> {
  const accepted = find.accept(text);
  const { search } = accepted.claims;
  const page = search === undefined ? undefined : await pageFor(accepted, search, find);
  const request = page === undefined ? accepted : withFound(accepted, page.records);
  const deciding = find.decide(request);
  // It is waited for when its turn comes; why it failed is told then.
  deciding.catch(() => undefined);
  return { request, deciding, next: page?.next };
}

function isBegun(one: unknown): one is Begun {
  return typeof one === 'object' && one !== null && 'deciding' in one;
}
