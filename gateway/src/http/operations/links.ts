import type { Links } from '../../usecases/finding/links.js';
import type { HandlersOf } from '../handlers.js';

/** Links that subjects hold, by which others name them here. */
export function linkHandlers(links: Links): HandlersOf<'makeLink' | 'listLinks' | 'endLink'> {
  return {
    makeLink: ({ params, body }) => Promise.resolve({ body: links.make(params.id, body.minutes) }),
    listLinks: ({ params }) => Promise.resolve({ body: links.list(params.id) }),
    endLink: ({ params }) => Promise.resolve({ body: links.end(params.id, params.link) }),
  };
}
