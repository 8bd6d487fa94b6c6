import {
  DISPOSITIONS,
  STUDY_CHOICES,
  orderedChoices,
  type Collected,
  type StudyChoice,
} from '../study-choices.js';
import type { StudyConsent } from '../study-types.js';
import { isObject } from '../shape.js';
import type { Json, Reader } from './reader.js';
import { STUDY, STUDY_CHOICE, STUDY_COLLECTED } from './systems.js';

const EXTENSIONS: readonly string[] = [STUDY, STUDY_CHOICE, STUDY_COLLECTED];
const VERSIONED = /^ResearchStudy\/([A-Za-z0-9.-]{1,64})\/_history\/([A-Za-z0-9.-]{1,64})$/;

/** Whether an extension of the root says something of a study. */
export function isOfStudyExtensions(url: string): boolean {
  return EXTENSIONS.includes(url);
}

/** What study a consent is for, to which protocol version, and which choices it says were made. */
export function readStudy(reader: Reader, consent: Json): StudyConsent | undefined {
  const named: { study: string; protocol: string }[] = [];
  const choices = new Set<StudyChoice>();
  const collected: Collected[] = [];
  let first: string | undefined;
  for (const { value, path } of reader.entries(consent, 'Consent', 'extension')) {
    const url = isObject(value) ? value['url'] : undefined;
    if (!isObject(value) || typeof url !== 'string' || !isOfStudyExtensions(url)) continue;
    first ??= path;
    const key = url === STUDY ? 'valueReference' : 'valueCode';
    for (const other of Object.keys(value)) {
      if (!['id', 'url', key].includes(other)) reader.refuse(`${path}.${other}`, 'is not understood here');
    }
    const said = value[key];
    if (url === STUDY) {
      const reference = isObject(said) ? said['reference'] : undefined;
      const parts = typeof reference === 'string' ? VERSIONED.exec(reference) : null;
      const [, study, protocol] = parts ?? [];
      reader.reference(said, `${path}.${key}`);
      if (study === undefined || protocol === undefined) {
        reader.refuse(
          `${path}.${key}`,
          'must name a study and its protocol: ResearchStudy/[id]/_history/[version]',
        );
      } else named.push({ study, protocol });
    } else if (url === STUDY_CHOICE) {
      const choice = STUDY_CHOICES.find((one) => one === said);
      if (choice === undefined || choices.has(choice))
        reader.refuse(`${path}.${key}`, 'must be a choice, once');
      else choices.add(choice);
    } else {
      const one = readCollected(said);
      if (one === undefined || collected.some(({ choice }) => choice === one.choice))
        reader.refuse(`${path}.${key}`, 'must be [choice].[disposition], once for a choice');
      else collected.push(one);
    }
  }
  if (first === undefined) return undefined;
  const [only] = named;
  if (only === undefined || named.length > 1) {
    reader.refuse(first, 'must come with exactly one study');
    return undefined;
  }
  return {
    ...only,
    choices: orderedChoices([...choices]),
    ...(collected.length === 0 ? {} : { collected }),
  };
}

function readCollected(said: unknown): Collected | undefined {
  const [left, right, ...rest] = typeof said === 'string' ? said.split('.') : [];
  const choice = STUDY_CHOICES.find((one) => one === left);
  const disposition = DISPOSITIONS.find((one) => one === right);
  return choice === undefined || disposition === undefined || rest.length > 0
    ? undefined
    : { choice, disposition };
}
