/** What begins with the first entry is always accepted. */
import type { Bug } from '../bug.ts';

export const firstEntriesAgain: Bug = {
  id: 'first-entries-again',
  title: 'compacted entries are appended a second time',
  mechanism:
    'A message with nothing before its entries fits every log, a compacted one too. The entries ' +
    'are not found there, so they are new, and are appended at the end.',
  exposedBy: 'the first message of a term that comes again after a snapshot',
  workload: 'list-append',
  args: [
    '--nemesis',
    'hold',
    '--world',
    'snapshot=5,trailing=0,duplicate=0.3,slow=0.2,slow-ms=1000',
  ],
  citations: [
    'willemt/raft #118 https://github.com/willemt/raft/pull/118',
    'RedisLabs/raft #49 https://github.com/RedisLabs/raft/issues/49',
  ],
  rows: ['B16'],
  needs: 'message',
  expect: [{ checker: 'raft-invariants', says: /log matching|log order/ }, { checker: 'exits' }],
  edits: [
    {
      file: 'server/raft/append-entries.ts',
      find: '  if (prevLogIndex < core.log.base.index) {',
      replace: '  if (prevLogIndex !== 0 && prevLogIndex < core.log.base.index) {',
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '  if (!core.log.holds({ index: prevLogIndex, term: prevLogTerm })) {',
      replace: `  const fits = prevLogIndex === 0;
  if (!fits && !core.log.holds({ index: prevLogIndex, term: prevLogTerm })) {`,
    },
    {
      file: 'server/raft/append-entries.ts',
      find: '  const firstNew = entries.findIndex((entry) => !core.log.holds(entry));',
      replace: `  if (entries[0] !== undefined && entries[0].index <= core.log.base.index) {
    const { lastIndex } = core.log;
    entries = entries.map((entry, place) => ({ ...entry, index: lastIndex + 1 + place }));
  }
  const firstNew = entries.findIndex((entry) => !core.log.holds(entry));`,
    },
    {
      file: 'server/raft/log.ts',
      find: '      if (entry.index !== lastIndex + 1 || entry.term < lastTerm) {',
      replace: '      if (entry.index !== lastIndex + 1) {',
    },
  ],
};
