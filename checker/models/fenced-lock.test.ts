import { expect, test } from 'vitest';
import { decide, op, outline, records } from '../testing/lock-operations.ts';
import { compareLocks } from '../testing/random-lock-agreement.ts';
import { createFencedLock } from './fenced-lock.ts';

const model = createFencedLock();

test('on thousands of random histories the near-linear check agrees with the naive one', () => {
  const tally = compareLocks(model, 6000);
  expect(tally.get('valid')).toBeGreaterThan(3000);
  expect(tally.get('undecided')).toBeUndefined();
  for (const kind of ['token-reuse', 'token-regression', 'stale-write-accepted']) {
    expect(tally.get(kind), kind).toBeGreaterThan(50);
  }
});

test('two holders at one time are no violation: a lease may have ended', () => {
  const operations = records(
    op('acquire', [0, 1], { output: 4 }),
    op('acquire', [2, 3], { output: 6 }),
    op('write', [4, 5], { value: [4, 'old'], output: true }),
    op('release', [6, 7], { value: 4 }),
    op('release', [8, 9], { value: 6 }),
  );
  expect(outline(decide(model, operations))).toBe('valid');
});

test('after a greater token the store accepts no smaller one, but perhaps an equal one', () => {
  const newer = op('write', [0, 1], { value: [7, 'new'], output: true });
  const write = (token: number, output: boolean) =>
    op('write', [2, 3], { value: [token, 'x'], output });
  expect(outline(decide(model, records(newer, write(6, true))))).toBe('stale-write-accepted: 0 2');
  expect(outline(decide(model, records(newer, write(6, false))))).toBe('valid');
  expect(outline(decide(model, records(newer, write(7, true))))).toBe('valid');
  const meanwhile = op('write', [0, 4], { value: [7, 'new'], output: true });
  expect(outline(decide(model, records(meanwhile, write(6, true))))).toBe('valid');
});

test('a token is granted once, and a later one is greater', () => {
  const grants = (first: number, second: number) =>
    records(op('acquire', [0, 1], { output: first }), op('acquire', [2, 3], { output: second }));
  expect(outline(decide(model, grants(5, 6)))).toBe('valid');
  expect(outline(decide(model, grants(5, 5)))).toBe('token-reuse: 0 2');
  expect(outline(decide(model, grants(5, 4)))).toBe('token-regression: 0 2');
});

test('an answer of the wrong shape is told in words', () => {
  const bad = [
    op('acquire', [0, 1], { output: 'seven' }),
    op('release', [0, 1], { value: 'seven' }),
    op('release', [0, 1], { value: [1, 2] }),
    op('write', [0, 1], { value: 3 }),
    op('write', [0, 1], { value: ['x', 3] }),
  ];
  for (const draft of bad) {
    const [operation] = records(draft);
    expect(operation && model.check(operation)).toMatch(/integer/);
  }
});
