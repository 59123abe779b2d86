import { expect, test } from 'vitest';
import { CrashPlan } from './crash-plan.ts';

test('a crash comes at its passage, on its node, at its point, and once', () => {
  const plan = new CrashPlan();
  plan.arm({ node: 'n1', name: 'wal.after-fsync', passage: 2 });
  expect(plan.reach('n2', 'wal.after-fsync')).toBe(false);
  expect(plan.reach('n1', 'wal.before-append')).toBe(false);
  expect(plan.reach('n1', 'wal.after-fsync')).toBe(false);
  expect(plan.outstanding).toHaveLength(1);
  expect(plan.reach('n1', 'wal.after-fsync')).toBe(true);
  expect(plan.reach('n1', 'wal.after-fsync')).toBe(false);
  expect(plan.outstanding).toEqual([]);
  expect(plan.passages).toEqual(
    new Map([
      ['wal.after-fsync', 4],
      ['wal.before-append', 1],
    ]),
  );
});

test('passages are counted from the moment in which a crash is asked for', () => {
  const plan = new CrashPlan();
  const at = { node: 'n1', name: 'raft.after-reply', passage: 1 } as const;
  plan.reach('n1', 'raft.after-reply');
  plan.arm(at);
  plan.arm({ ...at, passage: 2 });
  expect(plan.reach('n1', 'raft.after-reply')).toBe(true);
  expect(plan.reach('n1', 'raft.after-reply')).toBe(true);
  expect(plan.reach('n1', 'raft.after-reply')).toBe(false);
});

test('a passage that is none is refused', () => {
  for (const passage of [0, -1, 1.5]) {
    const at = { node: 'n1', name: 'raft.after-reply', passage } as const;
    expect(() => new CrashPlan().arm(at)).toThrow(RangeError);
  }
});
