/** Damage in the middle of the log is taken for a write that a crash has torn. */
import type { Bug } from '../bug.ts';

export const damageCutOff: Bug = {
  id: 'damage-cut-off',
  title: 'a flipped bit takes the rest of the log with it',
  mechanism:
    'The first bad record ends the log, wherever it stands: what follows is cut off as a torn ' +
    'tail would be, durable records and segments included. The node starts with less than it had ' +
    'acknowledged, votes, and leads.',
  exposedBy: 'a bit that flips in the log of a node, and a leader elected with its help',
  workload: 'grow-set',
  args: ['--nemesis', 'corruption', '--nemesis-every', '100'],
  citations: [
    'Protocol-aware recovery, FAST 2018 ' +
      'https://www.usenix.org/conference/fast18/presentation/alagappan',
    'Jepsen: NATS 2.12.1 https://jepsen.io/analyses/nats-2.12.1',
  ],
  rows: ['B43'],
  needs: 'sector',
  expect: [{ checker: 'raft-invariants' }],
  edits: [
    {
      file: 'server/storage/wal-recovery.ts',
      find: '  const proof = findProof(window, place);',
      replace: '  const proof = null as ReturnType<typeof findProof>;',
    },
    {
      file: 'server/storage/wal-recovery.ts',
      find: '      if (!live.end.closed) unclosed.push(live);\n',
      replace: `      const { place, closed: isClosed } = live.end;
      const previous = isClosed ? place.previous : sealRecord(encodeCloseRecord(), place);
      if (previous !== parsed.header.previous) break;
      if (!live.end.closed) unclosed.push(live);
`,
    },
  ],
};
