import { expect, test } from 'vitest';
import { decide, op, outline, records } from '../testing/lock-operations.ts';
import { compareLocks } from '../testing/random-lock-agreement.ts';
import { createMutex } from './mutex.ts';

const model = createMutex();

test('on thousands of random histories the near-linear check agrees with the naive one', () => {
  const tally = compareLocks(model, 8000);
  expect(tally.get('valid')).toBeGreaterThan(3000);
  expect(tally.get('undecided')).toBeUndefined();
  for (const kind of ['double-grant', 'impossible-release', 'impossible-refusal']) {
    expect(tally.get(kind), kind).toBeGreaterThan(100);
  }
});

test('two clients that hold it at one time are told with both sessions', () => {
  const operations = records(
    op('acquire', [-4, -3], { process: 1 }),
    op('release', [-2, -1], { process: 1 }),
    op('acquire', [0, 1], { process: 1 }),
    op('acquire', [2, 3], { process: 2 }),
    op('release', [4, 5], { process: 1 }),
    op('release', [6, 7], { process: 2 }),
    op('acquire', [8, 9], { process: 3 }),
    op('acquire', [12], { process: 3 }),
  );
  const result = decide(model, operations);
  expect(outline(result)).toBe('double-grant: 0 2 4 6');
  expect(result.type === 'invalid' && result.finding.sentence).toBe(
    "Two clients held the lock at the same time: process 1's acquire (op 0) was granted " +
      "5 entries of the history before process 2's release (op 6) began; and process 2's acquire " +
      "(op 2) was granted one entry of the history before process 1's release (op 4) began.",
  );
});

test('a crashed acquire may have held it, and a crashed release may have freed it', () => {
  const heldForEver = records(
    op('acquire', [0], { process: 1 }),
    op('acquire', [1, 2], { process: 2, output: false }),
  );
  expect(outline(decide(model, heldForEver))).toBe('valid');
  const freed = [op('acquire', [0, 1], { process: 1 }), op('release', [2], { process: 1 })];
  const next = op('acquire', [3, 4], { process: 2 });
  expect(outline(decide(model, records(...freed, next)))).toBe('valid');
  expect(outline(decide(model, records(...freed.slice(0, 1), next)))).toBe('double-grant: 0 3');
});

test('a release by somebody else may end an acquire that crashed: there is no owner', () => {
  const operations = records(
    op('acquire', [0], { process: 1 }),
    op('release', [1, 2], { process: 2 }),
    op('acquire', [3, 4], { process: 3 }),
  );
  expect(outline(decide(model, operations))).toBe('valid');
});

test('a refusal is impossible only when nothing during it could have been the reason', () => {
  const refused = op('acquire', [6, 7], { process: 3, output: false });
  const before = [op('acquire', [0, 1], { process: 1 }), op('release', [2, 3], { process: 1 })];
  expect(outline(decide(model, records(...before, refused)))).toBe('impossible-refusal: 6');
  const during = [op('acquire', [4, 8], { process: 2 }), op('release', [9, 10], { process: 2 })];
  expect(outline(decide(model, records(...before, refused, ...during)))).toBe('valid');
  // Here another refusal says that it was free all the while: both belong to the proof.
  const free = op('release', [5, 11], { process: 4, output: false });
  expect(outline(decide(model, records(...before, refused, ...during, free)))).toBe('valid');
  const alsoDoubled = [...during, op('acquire', [12, 13], { process: 2 })];
  const twice = op('acquire', [14, 15], { process: 5 });
  expect(outline(decide(model, records(refused, ...alsoDoubled, twice)))).toBe(
    'double-grant: 12 14',
  );
});

test('what could have explained a refusal is never taken out of the proof', () => {
  // The refusal at 2 needs the lock held by then; so it was not free at 4: the release began later.
  const operations = records(
    op('acquire', [0, 8], { process: 1 }),
    op('acquire', [2, 3], { process: 2, output: false }),
    op('release', [4, 5], { process: 3, output: false }),
    op('release', [9, 10], { process: 1 }),
    op('acquire', [11, 12], { process: 4 }),
    op('release', [13, 14], { process: 4 }),
  );
  expect(outline(decide(model, operations))).toBe('impossible-refusal: 0 2 4');
});

test('forty thousand operations in a row, and twenty thousand open ones, take no recursion', () => {
  const drafts = Array.from({ length: 20_000 }, (_, at) => [
    op('acquire', [4 * at, 4 * at + 1], { process: 1 }),
    op('release', [4 * at + 2, 4 * at + 3], { process: 1 }),
  ]).flat();
  const crashed = Array.from({ length: 20_000 }, (_, at) =>
    op('acquire', [-20_000 + at], { process: at + 2 }),
  );
  expect(outline(decide(model, records(...drafts)))).toBe('valid');
  expect(outline(decide(model, records(...crashed, ...drafts)))).toBe('valid');
});
