/** An entry that does not fit into a message is left out. */
import type { Bug } from '../bug.ts';

export const oversizeSkipped: Bug = {
  id: 'oversize-skipped',
  title: 'a message lacks an entry in its middle',
  mechanism:
    'Who packs entries into a message leaves out one for which there is no room, and goes on ' +
    'with ' +
    'the smaller ones behind it. The follower numbers what comes by its place, so from there on ' +
    'its log has other entries under the same names.',
  exposedBy: 'a follower that lags by more than a message, and values of different lengths',
  workload: 'kv',
  args: ['--nemesis', 'partition', '--nemesis-every', '200'],
  citations: ['LogCabin #160 https://github.com/logcabin/logcabin/issues/160'],
  rows: ['B17'],
  needs: 'cluster',
  expect: [{ checker: 'raft-invariants', says: /log matching/ }],
  edits: [
    {
      file: 'server/raft/log.ts',
      find: `    let to = from - 1;
    while (to < this.lastIndex) {
      bytes += this.entryAt(to + 1).data.length;
      if (bytes > bytesMax && to >= from) break;
      to += 1;
    }
    return this.slice(from, to);`,
      replace: `    const packed: Entry[] = [];
    for (const entry of this.slice(from, this.lastIndex)) {
      const { length } = entry.data;
      if (packed.length > 0 && bytes + length > bytesMax) continue;
      bytes += length;
      packed.push(entry);
    }
    return packed;`,
    },
    {
      file: 'server/peer-codec.ts',
      find: '    if (index !== prevLogIndex + 1 + position || term < previousTerm) {',
      replace: '    if (index === 0 || term < previousTerm) {',
    },
    {
      file: 'server/peer-codec.ts',
      find: '    entries.push({ term, index, kind, data: reader',
      replace: '    entries.push({ term, index: prevLogIndex + 1 + position, kind, data: reader',
    },
  ],
};
