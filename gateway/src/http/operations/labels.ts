import { describeHeld } from '../../usecases/labelling/explain-labels.js';
import { relabelRecord, type RelabelOptions } from '../../usecases/labelling/relabel-record.js';
import type { HandlersOf } from '../handlers.js';

/** What a custodian's records are labelled with, why, and other labels. */
export function labelHandlers(options: RelabelOptions): HandlersOf<'describeRecord' | 'relabelRecord'> {
  return {
    describeRecord: ({ params }) =>
      Promise.resolve({ body: describeHeld(params.id, options.keep.custody, options.tables) }),
    relabelRecord: async ({ params, body }) => {
      const { reason, labels } = body;
      const { isNew, version, facts, transaction, block } = await relabelRecord(
        { record: params.id, reason, labels },
        options,
      );
      return { status: isNew ? 201 : 200, body: { record: params.id, version, facts, transaction, block } };
    },
  };
}
