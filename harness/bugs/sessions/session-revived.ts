/** A session that was forgotten is opened again by whoever calls in it. */
import type { Bug } from '../bug.ts';

export const sessionRevived: Bug = {
  id: 'session-revived',
  title: 'a call is carried out twice when its session has expired in between',
  mechanism:
    'A call in a session that is not known opens it, instead of being refused. When the ' +
    'session has expired with the answers that it remembered, a call that is sent again is ' +
    'taken for a new one.',
  exposedBy:
    'a call that is sent again after its session has expired; here that is after ten entries ' +
    'in which it was not used',
  workload: 'sessions',
  args: ['--nemesis', 'partition,kill', '--nemesis-every', '100', '--concurrency', '30'],
  citations: ['[Ongaro §6.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'exactly-once' }],
  edits: [
    {
      file: 'server/kv/sessions.ts',
      find: `  executeIn(command: InSession, index: number, execute: () => Reply): Reply {
    const session = this.#sessions.get(command.sessionId);
    if (session === undefined) return noSession;`,
      replace: `  executeIn(command: InSession, index: number, execute: () => Reply): Reply {
    const { sessionId: id } = command;
    const session = this.#sessions.get(id) ?? new Session(id, index, this.#snapshots.current);
    this.#sessions.set(id, session);`,
    },
    {
      file: 'server/kv/sessions.ts',
      find: `oldest.lastUsedIndex + this.limits.idleEntriesMax >= index`,
      replace: `oldest.lastUsedIndex + Math.min(10, this.limits.idleEntriesMax) >= index`,
    },
  ],
};
