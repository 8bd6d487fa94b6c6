import type { ExportLog } from '../../ports/export-log.js';
import type { HandlersOf } from '../handlers.js';

/** Who took files out of what this member reads. */
export function exportHandlers(log: ExportLog): HandlersOf<'listExports'> {
  return {
    listExports: ({ query: { after, limit } }) => {
      const found = log.after(Number(after ?? 0), limit + 1);
      const page = found.slice(0, limit);
      const last = found.length > limit ? page.at(-1) : undefined;
      return Promise.resolve({
        body: {
          exports: page.map(({ at, user, what, about, format }) => ({ at, user, what, about, format })),
          ...(last === undefined ? {} : { next: `${last.position}` }),
        },
      });
    },
  };
}
