import { expect, it } from 'vitest';
import { excuseOf } from './excused-ends.ts';
import { reference } from './reference.ts';
import type { EndCause } from './system.ts';

const corrupt =
  'rafture-server: cannot use the data directory /d: wal-00000001 is corrupt at byte 20';

/** As the clusters word them: sim, process, docker; and lines of logs. */
const ends: readonly (readonly [string, readonly EndCause[]])[] = [
  ['DiskError: ENOSPC: no space left on device, write', ['disk', 'damage']],
  [
    'it ended with exit code 252; its last line: rafture-server: the disk failed',
    ['disk', 'damage'],
  ],
  ['it exited with code 252', ['disk', 'damage']],
  [
    'it ended with exit code 251; its last line: rafture-server: cannot use /d: EIO',
    ['disk', 'damage'],
  ],
  [`it ended with exit code 251; its last line: ${corrupt}`, ['damage']],
  ['WalCorruptionError: wal-00000001 is corrupt at byte 20', ['damage']],
  ['SnapshotCorruptionError: snapshot is corrupt at byte 20', ['damage']],
  ['IdentityError: the identity is damaged', ['damage']],
  ['it exited with code 249', ['damage']],
  [corrupt, ['damage']],
  ['{"level":60,"error":"is corrupt","name":"SnapshotCorruptionError","msg":"failed"}', ['damage']],
  ['it ended with SIGKILL; its last line: crash point raft.after-reply', ['crash-point']],
  ['it exited with code 137', ['crash-point']],
  ['TypeError: Cannot read properties of undefined', []],
  ['InvariantError: two leaders', []],
  ['it ended with exit code 255; its last line: rafture-server: TypeError: ENOSPC', []],
  ['it ended with SIGABRT', []],
  ['it exited with code 255', []],
  ['it exited with code 1', []],
  ['{"level":60,"error":"two leaders","name":"InvariantError","msg":"failed"}', []],
];

it.each(ends)('of the reference server: %s', (words, causes) => {
  const all: readonly EndCause[] = ['disk', 'damage', 'crash-point'];
  expect(all.filter((cause) => excuseOf(reference, cause)?.(words) === true)).toEqual(causes);
});

it('of a system that does not word them cannot be told from any other', () => {
  expect(excuseOf({ name: 'other' }, 'disk')).toBeNull();
});

it('are named when they are no regular expression', () => {
  const excusedEnds = { disk: ['('], damage: [], 'crash-point': [] };
  const wrong = { name: 'other', excusedEnds };
  expect(() => excuseOf(wrong, 'disk')).toThrow('(, of the ends that other may come to');
});
