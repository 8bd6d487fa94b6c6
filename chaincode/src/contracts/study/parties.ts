import type { PrivateCollection } from '../../state/index.js';
import { readStudies, studyValues } from '../../state/study-state.js';
import type { Studies } from '../../wire/index.js';
import { Refusal } from '../../wire/refusal.js';
import type { Call } from '../call.js';

/** MSP ids of the two whose collection a function names. */
export interface Parties {
  readonly site: string;
  readonly sponsor: string;
}

/** @throws Refusal `study-unknown` where nothing was stated there yet */
export async function openStudies(
  { stub }: Call,
  { site, sponsor }: Parties,
  commandSalt?: string,
): Promise<{ readonly studies: Studies; readonly values: PrivateCollection }> {
  const studies = await readStudies(stub, site, sponsor);
  if (studies === undefined) throw new Refusal('study-unknown');
  return { studies, values: studyValues(stub, studies, commandSalt) };
}
