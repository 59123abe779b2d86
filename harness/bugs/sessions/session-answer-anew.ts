/** The answer to a call that is sent again is computed anew. */
import type { Bug } from '../bug.ts';

export const sessionAnswerAnew: Bug = {
  id: 'session-answer-anew',
  title: 'a repetition is answered from the state of now',
  mechanism:
    'A session remembers which calls it has carried out. To one that is sent again it answers ' +
    'what the state says now, and not what it answered the first time: a client whose answer ' +
    'was lost is told of what others did since.',
  exposedBy: 'a call that is sent again after another client has changed the same key',
  workload: 'sessions',
  args: ['--nemesis', 'none'],
  citations: ['[Ongaro §6.3]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'exactly-once' }],
  edits: [
    {
      file: 'server/kv/state-machine.ts',
      find: `        return this.#sessions.executeIn(command, entry.index, () =>
          executeDataCommand(this.#keyspace, command.command),
        );`,
      replace: `        return this.#executeOnce(command, entry.index);`,
    },
    {
      file: 'server/kv/state-machine.ts',
      find: `  #digest(): Lanes {`,
      replace: `  #executeOnce(command: InSession, index: number): Reply {
    let isNew = false;
    const reply = this.#sessions.executeIn(command, index, () => {
      isNew = true;
      return executeDataCommand(this.#keyspace, command.command);
    });
    if (isNew || reply.type !== 'integer' || command.command.type !== 'listPush') return reply;
    return this.read({ type: 'listLength', key: command.command.key });
  }

  #digest(): Lanes {`,
    },
    {
      file: 'server/kv/state-machine.ts',
      find: `import type { ReadCommand, Reply } from './command.ts';`,
      replace: `import type { ReadCommand, Reply, SessionCommand } from './command.ts';

type InSession = Extract<SessionCommand, { type: 'inSession' }>;`,
    },
  ],
};
