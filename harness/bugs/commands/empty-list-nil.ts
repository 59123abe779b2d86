/** An empty list is answered as nothing. */
import type { Bug } from '../bug.ts';

export const emptyListNil: Bug = {
  id: 'empty-list-nil',
  title: 'an answer of the wrong type',
  mechanism: 'A list without elements is answered as a null and not as an empty array.',
  exposedBy: 'a read of a list that is empty; no fault is needed',
  workload: 'list-append',
  args: ['--nemesis', 'none'],
  citations: ['the protocol of Redis: an empty array is none that is null'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'errors', says: /unexpected-reply/, valid: 'unknown' }],
  edits: [
    {
      file: 'server/resp/session.ts',
      find: "  if (reply.type !== 'array' && reply.type !== 'set') return reply;",
      replace: `  if (reply.type !== 'array' && reply.type !== 'set') return reply;
  if (reply.items.length === 0) return { type: 'bulk', value: null };`,
    },
  ],
};
