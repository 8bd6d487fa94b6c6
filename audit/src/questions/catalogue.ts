import { accesses, denials, undelivered } from './accesses.js';
import { amendments } from './amendments.js';
import { consents, expiring } from './consents.js';
import { disclosures } from './disclosures.js';
import type { Question } from './question.js';
import { recipients } from './recipients.js';
import { reviews } from './reviews.js';
import { stops } from './stops.js';
import { recordHistory, subjectHistory } from './timeline.js';
import { unusual } from './unusual.js';

/** Everything that can be asked: commands, routes and OpenAPI are made from it. */
export const QUESTIONS: readonly Question[] = [
  subjectHistory,
  recordHistory,
  accesses,
  denials,
  undelivered,
  recipients,
  disclosures,
  consents,
  expiring,
  stops,
  reviews,
  amendments,
  unusual,
];

export function questionNamed(name: string): Question | undefined {
  return QUESTIONS.find((one) => one.name === name);
}
