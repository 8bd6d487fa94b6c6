import { MAX_REGISTERED } from '@consent-ledger/chaincode/wire';
import { Refusal } from '../refusal.js';
import { resourceTexts } from './source-texts.js';

export type JsonObject = Readonly<Record<string, unknown>>;

/** A resource of a bundle, as it came. */
export interface BundleEntry {
  /** Its place in `entry`, from 0. */
  readonly index: number;
  readonly fullUrl: string | undefined;
  readonly resource: JsonObject & { readonly resourceType: string };
  readonly text: string;
}

/** An entry that cannot become a record. */
export interface RefusedEntry {
  readonly index: number;
  readonly message: string;
}

export interface ReadBundle {
  readonly type: string;
  /** Labels of the bundle as a whole, as it has them. */
  readonly security: unknown;
  readonly entries: readonly BundleEntry[];
  readonly refused: readonly RefusedEntry[];
}

const TYPES = ['collection', 'document', 'searchset', 'batch', 'transaction'];
const TYPE = /^[A-Z][A-Za-z]{1,63}$/;
/** What brings a resource; what asks for one, changes a part of it or removes it does not. */
const METHODS = ['PUT', 'POST'];

/** Takes a FHIR Bundle apart. `value` is `text`, parsed. Throws a Refusal `bundle-refused`. */
export function readBundle(value: unknown, text: string): ReadBundle {
  if (!isObject(value) || value['resourceType'] !== 'Bundle') throw refused('$', 'must be a FHIR Bundle');
  const { type, entry, meta } = value;
  if (typeof type !== 'string' || !TYPES.includes(type))
    throw refused('$.type', `must be one of ${TYPES.join(', ')}`);
  if (!Array.isArray(entry) || entry.length === 0) throw refused('$.entry', 'must hold an entry');
  const texts = resourceTexts(text);
  const entries: BundleEntry[] = [];
  const refusals: RefusedEntry[] = [];
  (entry as unknown[]).forEach((one, index) => {
    if (isOutcome(one)) return;
    const read = readEntry(one, index, texts[index]);
    if ('message' in read) refusals.push(read);
    else entries.push(read);
  });
  if (entries.length > MAX_REGISTERED)
    throw refused('$.entry', `must hold at most ${MAX_REGISTERED} resources; send several bundles`);
  return { type, security: isObject(meta) ? meta['security'] : undefined, entries, refused: refusals };
}

function readEntry(entry: unknown, index: number, text: string | undefined): BundleEntry | RefusedEntry {
  if (!isObject(entry)) return { index, message: 'must be an object' };
  const { fullUrl, resource, request } = entry;
  if (isObject(request) && !METHODS.includes(String(request['method'])))
    return { index, message: 'must bring a resource: only PUT and POST are taken' };
  if (!isObject(resource) || text === undefined) return { index, message: 'must have a resource' };
  const { resourceType } = resource;
  if (typeof resourceType !== 'string' || !TYPE.test(resourceType))
    return { index, message: 'must have a resource with a resourceType' };
  if (resourceType === 'Bundle') return { index, message: 'must not be a Bundle itself; send it by itself' };
  return {
    index,
    fullUrl: typeof fullUrl === 'string' ? fullUrl : undefined,
    resource: { ...resource, resourceType },
    text,
  };
}

/** What a server says of its own search is no record of anybody. */
function isOutcome(entry: unknown): boolean {
  return isObject(entry) && isObject(entry['search']) && entry['search']['mode'] === 'outcome';
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function refused(path: string, message: string): Refusal {
  return new Refusal('bundle-refused', { errors: [{ path, message }] });
}
