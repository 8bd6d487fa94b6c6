import type { StudyQuery } from '../../wire/index.js';
import type { Call } from '../call.js';
import { openStudies, type Parties } from './parties.js';

export async function answerStudyQuery(call: Call, parties: Parties, query: StudyQuery): Promise<Uint8Array> {
  const { values } = await openStudies(call, parties);
  switch (query.query) {
    case 'terms':
      return values.bytesAt(values.key('terms', query.study));
    case 'participation':
    case 'stopping':
      return values.bytesAt(values.key(query.query, query.study, query.person));
  }
}
