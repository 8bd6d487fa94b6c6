import type { Json } from './canonical.js';
import type { FhirResource } from './fhir-json.js';

/** Resources that are people; a consent points to them and never carries them. */
const PEOPLE = new Set(['Patient', 'Person', 'RelatedPerson', 'Practitioner']);

/** Types of extension values (FHIR R4 2.24.0) that hold free text or say who somebody is. */
const PERSONAL_VALUE =
  /^_?value(?:String|Markdown|HumanName|Address|ContactPoint|Identifier|Attachment|Annotation|Signature)$/;

export interface Pseudonymous {
  readonly resource: FhirResource;
  /** FHIRPaths of what was left out. */
  readonly removed: readonly string[];
}

/**
 * Leaves out of a consent what could say who somebody is and what no rule reads: narrative and other free
 * text, display texts of references, identifiers inside references, contained people, attached content. Ids
 * and codes stay, with the codes' own displays. Gateways file only what remains; the chaincode refuses a text
 * of which anything would be left out.
 */
export function withoutIdentifyingText(resource: FhirResource): Pseudonymous {
  const removed: string[] = [];
  const root = typeof resource['resourceType'] === 'string' ? resource['resourceType'] : 'Resource';
  return { resource: cleanObject(resource, root, true, removed), removed };
}

function cleanObject(object: FhirResource, path: string, isRoot: boolean, removed: string[]): FhirResource {
  const kept: FhirResource = {};
  for (const [name, value] of Object.entries(object)) {
    const place = `${path}.${name}`;
    if (identifies(object, name, value, isRoot)) removed.push(place);
    else kept[name] = cleanValue(value, place, removed);
  }
  return kept;
}

function cleanValue(value: Json, path: string, removed: string[]): Json {
  if (isList(value)) {
    return value.flatMap((item, index) => {
      const place = `${path}[${index}]`;
      if (!isDroppedItem(item)) return [cleanValue(item, place, removed)];
      removed.push(place);
      return [];
    });
  }
  return typeof value === 'object' && value !== null ? cleanObject(value, path, false, removed) : value;
}

/** An extension without its value says nothing, so it goes as a whole. */
function isDroppedItem(item: Json): boolean {
  if (typeof item !== 'object' || item === null || isList(item)) return false;
  const type = item['resourceType'];
  if (typeof type === 'string' && PEOPLE.has(type)) return true;
  return Object.keys(item).some((name) => PERSONAL_VALUE.test(name));
}

function identifies(object: FhirResource, name: string, value: Json, isRoot: boolean): boolean {
  switch (name.replace(/^_/, '')) {
    case 'text': // Narrative, CodeableConcept.text, Annotation.text
    case 'div':
      return true;
    case 'display': // of a Reference; a Coding's own display is the code system's
      return !('code' in object || 'system' in object);
    case 'identifier': // of a Reference; the consent's own identifier is no person's
      return !isRoot;
    case 'data': // Attachment.data; provision.data is a list
      return typeof value === 'string';
    case 'title': // Attachment.title
      return true;
    default:
      return PERSONAL_VALUE.test(name);
  }
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
