/** Who waits for an entry is found by the index alone. */
import type { Bug } from '../bug.ts';

export const waiterByIndex: Bug = {
  id: 'waiter-by-index',
  title: 'another leader’s entry acknowledges a lost write',
  mechanism:
    'A waiter is known by the index of its entry and not by its term. When another leader’s ' +
    'entry is applied there or behind it, the client is told that its own has happened. And ' +
    'a leader whom nobody follows does not step down: its clients wait until then.',
  exposedBy: 'a leader that is isolated with unacknowledged writes and hears of its successor soon',
  workload: 'grow-set',
  args: ['--nemesis', 'partition', '--nemesis-every', '300'],
  citations: [
    'Students’ Guide to Raft https://thesquareplanet.com/blog/students-guide-to-raft/',
    'willemt/raft #130 https://github.com/willemt/raft/pull/130',
  ],
  rows: ['B59'],
  needs: 'cluster',
  expect: [{ checker: 'linearizable' }],
  edits: [
    {
      file: 'server/raft/replication.ts',
      find: `      becomeFollower(core, core.currentTerm, null);
      return;
    }
  }
  stepTransferTick(core);`,
      replace: `    }
  }
  stepTransferTick(core);`,
    },
    {
      file: 'server/pending-proposals.ts',
      find: '  return a.term === b.term ? a.index - b.index : a.term - b.term;',
      replace: '  return a.index - b.index;',
    },
    {
      file: 'server/pending-proposals.ts',
      find: '    if (last !== undefined && compareEntryIds(last, entry) >= 0) {',
      replace:
        '    if (last !== undefined && last.index >= entry.index && last.term >= entry.term) {',
    },
    {
      file: 'server/pending-proposals.ts',
      find: '      if (order < 0 && first.entry.term === entry.term) {',
      replace: '      if (order < 0 && first.entry.term < 0) {',
    },
    {
      file: 'server/pending-proposals.ts',
      find: `      if (order === 0) first.reply(commandAnswer(entry, answer));
      else first.reply(refusal());`,
      replace: '      first.reply(answer);',
    },
    {
      file: 'server/pending-proposals.ts',
      find:
        '    for (let first = this.#first(); first !== undefined; first = this.#first()) {\n' +
        '      const',
      replace: `    if (answer === null) return;
    for (let first = this.#first(); first !== undefined; first = this.#first()) {
      const`,
    },
  ],
};
