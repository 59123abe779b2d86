/** What is durable is known by its index alone. */
import type { Bug } from '../bug.ts';

export const durableByIndex: Bug = {
  id: 'durable-by-index',
  title: 'an entry counts as saved because another of its index was',
  mechanism:
    'The highest index that was saved is remembered when entries are replaced. What takes the ' +
    'place of a deposed leader’s entries counts as durable before its own write is: who leads ' +
    'next counts itself for entries that a crash takes away.',
  exposedBy:
    'a conflicting tail that is replaced while the disk is slow, a leader elected right after',
  workload: 'grow-set',
  args: ['--nemesis', 'partition,kill,disk-slow', '--nemesis-every', '100'],
  citations: ['[Ongaro §10.2.1]'],
  rows: [],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/raft/invariants.ts',
      find: 'assert(durability.durableIndex <= log.lastIndex,',
      replace: 'assert(durability.durableIndex >= 0,',
    },
    {
      file: 'server/raft/durability.ts',
      find: `    this.#durableIndex = Math.min(this.#durableIndex, index - 1);
    for (const write of this.#inFlight) write.lastIndex = Math.min(write.lastIndex, index - 1);`,
      replace: `    this.#replacedFrom = index;`,
    },
    {
      file: 'server/raft/durability.ts',
      find: '  #lastWriteId = 0;\n',
      replace: '  #lastWriteId = 0;\n  #replacedFrom = 0;\n',
    },
    {
      file: 'server/raft/durability.ts',
      find: '    const id = this.nextWriteId;\n',
      replace: `    const id = this.nextWriteId;
    if (this.#replacedFrom > 0) {
      // The log may have become shorter.
      const end = Math.max(lastIndex, this.#replacedFrom - 1);
      this.#durableIndex = Math.min(this.#durableIndex, end);
      for (const write of this.#inFlight) write.lastIndex = Math.min(write.lastIndex, end);
      this.#replacedFrom = 0;
    }
`,
    },
  ],
};
