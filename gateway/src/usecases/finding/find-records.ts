import {
  digestOf,
  primitives,
  withFound,
  z,
  type DescriptorFacts,
  type EventRecord,
  type SearchClaims,
} from '@consent-ledger/chaincode/wire';
import type { ListedRecord, ListingAnswer } from '@consent-ledger/chaincode/wire/http';
import type { RecordIndex, RecordPlace } from '../../ports/record-index.js';
import { plaintextLength } from '../../release/streaming-aead.js';
import type { AcceptedRequest, Decided } from '../decisions.js';
import type { Look } from '../look.js';
import { Refusal } from '../refusal.js';
import { matchesSearch } from './matches-search.js';
import { resolvePerson, type PersonOptions } from './resolve-person.js';
import type { SealedTexts } from './sealed-text.js';

export interface FindOptions extends PersonOptions {
  readonly accept: (text: string) => AcceptedRequest;
  readonly decide: (request: AcceptedRequest) => Promise<Decided>;
  readonly look: Look;
  /** Resolves while the projection has what the own peer has; throws where that cannot be known. */
  readonly current: () => Promise<void>;
  readonly records: RecordIndex;
  readonly cursors: SealedTexts;
}

const LOOKED_AT_ONCE = 50;

const cursor = z.strictObject({ block: z.int(), place: z.int(), record: primitives.fhirId });

interface Page {
  readonly records: readonly string[];
  readonly next?: string;
}

/**
 * Answers a search of an authentic request with what its requester may know of one subject's records. What would be denied is passed
 * over before anything is decided: so a page is full whatever is withheld between, and there is no next one for what is withheld
 * after it. What is found is then decided by the endorsers and logged as one event, and looked at once more before it is told.
 *
 * A subject that is not there, or not this requester's to name, is a page without records: decided, logged and told like any.
 */
export async function findRecords(text: string, options: FindOptions): Promise<ListingAnswer> {
  const { accept, custody, decide, look } = options;
  const accepted = accept(text);
  const { search } = accepted.claims;
  if (search === undefined) throw new Refusal('request-malformed');
  const page = await pageFor(accepted, search, options);
  const request = withFound(accepted, page.records);
  const decided = await decide(request);
  const permitted = decided.event.records.filter(isPermitted);
  if (permitted.length > 0) await options.current();
  const lastLook =
    permitted.length === 0 ? [] : (await look(withFound(accept(text), page.records))).filter(isPermitted);
  const records = permitted.flatMap(({ record, version }): ListedRecord[] => {
    const still = lastLook.some((answer) => answer.record === record && answer.version === version);
    const held = custody.get('descriptor', record)?.value;
    if (!still || held?.version !== version) return [];
    const bytes = plaintextLength(held.ciphertext.bytes);
    return [{ record, version, mediaType: held.mediaType, bytes, ...tellableOf(held.facts) }];
  });
  const { key, value, transaction, block } = decided;
  return {
    event: { key, value: value.toString('base64url'), transaction, block },
    records,
    ...(page.next === undefined ? {} : { next: page.next }),
  };
}

/** Whether there is anything of a subject that this requester may know of. */
export async function mayTellOf(
  subject: string,
  request: AcceptedRequest,
  options: FindOptions,
): Promise<boolean> {
  for (const chunk of chunksOf(options.records.about(options.custody.collection, subject, undefined))) {
    if ((await permittedOf(chunk, request, options)).length > 0) return true;
  }
  return false;
}

/** Those that a look would permit. */
async function permittedOf(
  places: readonly RecordPlace[],
  request: AcceptedRequest,
  { look }: Pick<FindOptions, 'look'>,
): Promise<RecordPlace[]> {
  const records = places.map(({ record }) => record);
  const answers = await look(withFound(request, records));
  return places.filter((_, index) => answers[index]?.outcome === 'permit');
}

/** A page of what its requester may know of; nothing is decided yet. */
export async function pageFor(
  request: AcceptedRequest,
  search: SearchClaims,
  { custody, records, look, cursors, ...persons }: FindOptions,
): Promise<Page> {
  const subject = resolvePerson(search.person, request.claims, { custody, ...persons });
  const owner = ownerOf(request, search);
  const after =
    search.after === undefined ? undefined : cursor.safeParse(cursors.open(search.after, owner)).data;
  if (search.after !== undefined && after === undefined) throw new Refusal('request-malformed');
  if (subject === undefined) return { records: [] };
  const found: RecordPlace[] = [];
  for (const chunk of chunksOf(records.about(custody.collection, subject, after))) {
    const matching = chunk.filter(({ record }) => {
      const held = custody.get('descriptor', record)?.value;
      return held !== undefined && matchesSearch(held.facts, search);
    });
    found.push(...(await permittedOf(matching, request, { look })));
    if (found.length > search.limit) break;
  }
  const page = found.slice(0, search.limit);
  const last = found.length > search.limit ? page.at(-1) : undefined;
  return {
    records: page.map(({ record }) => record),
    ...(last === undefined ? {} : { next: cursors.seal(last, owner) }),
  };
}

/** A cursor is good for whom it was made, and for the same search by the same purposes. */
function ownerOf({ claims: { iss, purpose } }: AcceptedRequest, search: SearchClaims): string {
  const asked: Partial<SearchClaims> = { ...search };
  delete asked.after;
  delete asked.limit;
  return `${iss} ${digestOf({ asked, purpose })}`;
}

function* chunksOf(places: Iterable<RecordPlace>): Generator<readonly RecordPlace[]> {
  let chunk: RecordPlace[] = [];
  for (const place of places) {
    chunk.push(place);
    if (chunk.length < LOOKED_AT_ONCE) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

/** What says what a record is. What it refers to is not told: that would name records that may be withheld. */
function tellableOf({
  resourceType,
  classes,
  codes,
  authored,
  labels,
}: DescriptorFacts): Partial<ListedRecord> {
  return {
    ...(resourceType === undefined ? {} : { resourceType }),
    ...(classes === undefined ? {} : { classes }),
    ...(codes === undefined ? {} : { codes }),
    ...(authored === undefined ? {} : { authored }),
    ...(labels === undefined ? {} : { labels }),
  };
}

function isPermitted(answer: EventRecord): answer is EventRecord & { readonly version: number } {
  return answer.outcome === 'permit' && answer.version !== undefined;
}
