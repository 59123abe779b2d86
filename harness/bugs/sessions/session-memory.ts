/** What a session has answered is remembered by the leader alone, and not for long. */
import type { Bug } from '../bug.ts';

export const sessionMemory: Bug = {
  id: 'session-memory',
  title: 'a change that is sent again takes effect twice',
  mechanism:
    'The answers of sessions are kept where the calls were proposed, in memory and the last few ' +
    'only, and not in the replicated state. Whoever does not know one, the next leader or the ' +
    'same a moment later, carries out a call again that was sent again.',
  exposedBy: 'a client that sends a call again; no fault is needed',
  workload: 'sessions',
  args: [],
  citations: ['[Ongaro §6.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'exactly-once' }, { checker: 'linearizable' }],
  edits: [
    {
      file: 'server/kv/sessions.ts',
      find: `    if (remembered !== undefined) return remembered;
`,
      replace: '',
    },
    {
      file: 'server/kv/session.ts',
      find: '    this.#replies.set(sequence, { reply, a: lanes.a, b: lanes.b });',
      replace: `    if (this.#replies.has(sequence)) return 0;
    this.#replies.set(sequence, { reply, a: lanes.a, b: lanes.b });`,
    },
    {
      file: 'server/node.ts',
      find: '  #nextId = 1;',
      replace: `  #nextId = 1;
  readonly #answered = new Map<string, Reply>();`,
    },
    {
      file: 'server/node.ts',
      find: '    if (this.#queuedProposals.add(encodeCommand(',
      replace: `    if (command.type === 'inSession') {
      const name = \`\${command.sessionId}/\${command.sequence}\`;
      const known = this.#answered.get(name);
      const answer = reply;
      if (known !== undefined) {
        answer(known);
        return;
      }
      reply = (given) => {
        if (this.#answered.size > 2) this.#answered.clear();
        if (given.type !== 'error') this.#answered.set(name, given);
        answer(given);
      };
    }
    if (this.#queuedProposals.add(encodeCommand(`,
    },
  ],
};
