/** Each node ends sessions by its own clock. */
import type { Bug } from '../bug.ts';

export const sessionExpiresByClock: Bug = {
  id: 'session-expires-by-clock',
  title: 'a session is there on one node and gone on another',
  mechanism:
    'A session that was not used for half a second ends when the next entry is applied, by ' +
    'the clock of the node that applies it. Nodes that apply an entry at different moments ' +
    'disagree whether the session is there: one carries the call out, another refuses it.',
  exposedBy:
    'nodes that lag, are paused, or apply after a restart what the others have long applied',
  workload: 'sessions',
  args: ['--nemesis', 'pause,kill', '--nemesis-every', '100'],
  citations: ['[Ongaro §6.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'convergence' }],
  edits: [
    {
      file: 'server/applier.ts',
      find: `    const answer = this.#stateMachine.apply(entry);`,
      replace: `    const answer = this.#stateMachine.apply(entry, this.#host.timers.now());`,
    },
    {
      file: 'server/kv/state-machine.ts',
      find: `  apply(entry: Entry): Reply | null {`,
      replace: `  apply(entry: Entry, nowMs = 0): Reply | null {`,
    },
    {
      file: 'server/kv/state-machine.ts',
      find: `    this.#sessions.expire(entry.index);`,
      replace: `    this.#sessions.expireByClock(nowMs);`,
    },
    {
      file: 'server/kv/sessions.ts',
      find: `  /** Before the entry at this index takes effect.`,
      replace: `  expireByClock(nowMs: number): void {
    for (const session of this.#sessions.values()) {
      const sinceIndex = this.#seen.get(session.id)?.index;
      if (sinceIndex !== session.lastUsedIndex) {
        this.#seen.set(session.id, { index: session.lastUsedIndex, sinceMs: nowMs });
      } else if ((this.#seen.get(session.id)?.sinceMs ?? nowMs) + 500 < nowMs) {
        this.#close(session);
      }
    }
  }

  /** Before the entry at this index takes effect.`,
    },
    {
      file: 'server/kv/sessions.ts',
      find: `  #replyBytes = 0;
`,
      replace: `  #replyBytes = 0;
  readonly #seen = new Map<number, { readonly index: number; readonly sinceMs: number }>();
`,
    },
  ],
};
