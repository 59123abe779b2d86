import { describe, expect, test } from 'vitest';
import { columnsOf } from '../columns.ts';
import { replayOrder } from '../replay.ts';
import { decide, op, outline, records } from '../testing/lock-operations.ts';
import { compareLocks } from '../testing/random-lock-agreement.ts';
import { createLock } from './lock.ts';

const model = createLock();
type Draft = ReturnType<typeof op>;

const acquire = (span: readonly [number, number?], token: number, from: number | null = null) =>
  op('acquire', span, { value: from, output: token });
const release = (span: readonly [number, number?], token: number) =>
  op('release', span, { value: token });
const write = (span: readonly [number, number?], token: number, isAccepted = true) =>
  op('write', span, { value: [token, 'x'], output: isAccepted });

/** `valid`, or the class and the core; an order that it gives is replayed. */
function judge(...drafts: readonly Draft[]): string {
  const operations = records(...drafts);
  const result = decide(model, operations);
  if (result.type === 'valid') replayOrder(columnsOf(operations), result.order, model);
  return outline(result);
}

/** Without the core. */
const kindOf = (...drafts: readonly Draft[]): string => judge(...drafts).replace(/:.*/, '');

const sentenceOf = (...drafts: readonly Draft[]): string => {
  const result = decide(model, records(...drafts));
  return result.type === 'invalid' ? result.finding.sentence : result.type;
};

test('on thousands of random histories the near-linear check agrees with the naive one', () => {
  const tally = compareLocks(model, 6000);
  expect(tally.get('valid')).toBeGreaterThan(3000);
  expect(tally.get('undecided')).toBeUndefined();
  const kinds = ['double-grant', 'impossible-release', 'impossible-takeover', 'token-reuse'];
  const others = ['token-regression', 'impossible-refusal', 'stale-write-accepted'];
  for (const kind of [...kinds, ...others]) expect(tally.get(kind), kind).toBeGreaterThan(25);
});

describe('the lock', () => {
  test('is granted again once it was released, or taken over from its holder', () => {
    const start = [acquire([0, 1], 4), release([2, 3], 4), acquire([4, 5], 5)];
    expect(judge(...start, acquire([6, 7], 8, 5), release([8, 9], 8))).toBe('valid');
  });

  test('is not granted to anybody while somebody holds it', () => {
    expect(judge(acquire([0, 1], 4), acquire([2, 3], 5))).toBe('double-grant: 0 2');
    expect(sentenceOf(acquire([0, 1], 4), acquire([2, 3], 5))).toBe(
      "process 1's acquire (op 2) was granted the token 5, although the lock was held with the " +
        "token 4 since process 0's acquire (op 0), and nobody can have released it before that " +
        'one returned.',
    );
  });

  test('is not granted before the release begins, even if that comes later', () => {
    const drafts = [acquire([0, 1], 4), acquire([2, 3], 5), release([4, 5], 4)];
    expect(judge(...drafts)).toBe('double-grant: 0 2 4');
    expect(sentenceOf(...drafts)).toBe(
      "The lock was held with the token 4 until process 2's release (op 4) released it, although " +
        "process 1's acquire (op 2), which was granted the token 5, had completed one entry of " +
        'the history before that release began.',
    );
    expect(judge(acquire([0, 1], 4), acquire([2, 5], 5), release([4, 6], 4))).toBe('valid');
  });

  test('is taken over from its holder only, once', () => {
    const held = acquire([0, 1], 4);
    expect(judge(held, acquire([2, 3], 5, 3))).toBe('impossible-takeover: 0 2');
    expect(judge(held, acquire([2, 3], 5, 4), acquire([4, 5], 6, 4))).toBe('double-grant: 0 2 4');
    expect(judge(held, release([2, 3], 4), acquire([4, 5], 6, 4))).toBe(
      'impossible-takeover: 0 2 4',
    );
    expect(judge(acquire([0, 1], 6, 4), acquire([2, 3], 4))).toBe('impossible-takeover: 0 2');
    expect(judge(acquire([0, 1], 6, 4))).toBe('impossible-takeover: 0');
    const between = [held, acquire([2, 3], 5, 4), release([4, 5], 5), acquire([6, 7], 6, 4)];
    expect(kindOf(...between)).toBe('double-grant');
    // A release without an answer makes room for the token 5, and so ends the time of 4.
    const replaced = [held, release([2], 4), acquire([3, 4], 5)];
    expect(judge(...replaced, acquire([5, 6], 6, 4))).toBe('impossible-takeover: 0 3 5');
    expect(judge(...replaced, acquire([5, 6], 6, 5))).toBe('valid');
  });

  test('is released by its holder only, once', () => {
    const held = acquire([0, 1], 4);
    expect(judge(release([0, 1], 4))).toBe('impossible-release: 0');
    expect(judge(held, release([2, 3], 5))).toBe('impossible-release: 0 2');
    expect(judge(held, release([2, 3], 4), release([4, 5], 4))).toBe('impossible-release: 0 2 4');
    expect(judge(held, acquire([2, 3], 5, 4), release([4, 5], 4))).toBe(
      'impossible-release: 0 2 4',
    );
    expect(judge(release([0, 1], 4), acquire([2, 3], 4))).toBe('impossible-release: 0 2');
  });

  test('grants each token once, and greater ones later', () => {
    const free = [acquire([0, 1], 4), release([2, 3], 4)];
    expect(judge(...free, acquire([4, 5], 4))).toBe('token-reuse: 0 4');
    expect(judge(...free, acquire([4, 5], 3))).toBe('token-regression: 0 4');
    expect(judge(acquire([0, 1], 4), acquire([2, 3], 3, 4))).toBe('token-regression: 0 2');
  });
});

describe('an acquire without an answer', () => {
  test('got a token that whoever names it may tell', () => {
    const open = acquire([0], 0);
    expect(judge(open, release([1, 2], 7), acquire([3, 4], 8))).toBe('valid');
    expect(judge(open, acquire([1, 2], 9, 7))).toBe('valid');
    const released = [acquire([1, 2], 5), release([3, 4], 5)];
    expect(judge(open, ...released, release([6, 7], 6))).toBe('valid');
    expect(judge(open, ...released, release([6, 7], 4))).toBe('double-grant: 0 1 6');
  });

  test('got one token only, and none before it began', () => {
    const used = (span: readonly [number, number], token: number): Draft => release(span, token);
    expect(judge(acquire([0], 0), used([1, 2], 7), used([3, 4], 8))).toBe(
      'impossible-release: 0 1 3',
    );
    expect(judge(acquire([0], 0), acquire([1], 0), used([2, 3], 7), used([4, 5], 8))).toBe('valid');
    expect(judge(used([0, 1], 7), acquire([2], 0))).toBe('impossible-release: 0');
    expect(sentenceOf(acquire([0], 0), used([1, 2], 7), used([3, 4], 8))).toBe(
      "process 2's release (op 3) released the token 8, which nobody was granted: the acquires " +
        'without an answer that had begun by then, 1, may explain only the tokens 7.',
    );
  });

  test('took the lock over from the token that it names, or did nothing', () => {
    const held = acquire([0, 1], 4);
    const open = acquire([2], 0, 4);
    expect(judge(held, open, release([3, 4], 4))).toBe('valid');
    expect(judge(held, open, release([3, 4], 9))).toBe('valid');
    expect(judge(held, open, release([3, 4], 4), release([5, 6], 9))).toBe(
      'impossible-release: 0 2 3 5',
    );
    expect(kindOf(held, open, acquire([3, 4], 9))).toBe('double-grant');
    // Whoever took it over released it.
    expect(judge(held, open, release([3], 6), acquire([4, 5], 9))).toBe('valid');
    expect(kindOf(held, open, release([3], 9), acquire([4, 5], 9))).toBe('double-grant');
    expect(kindOf(held, open, acquire([4, 5], 9), release([6], 6))).toBe('double-grant');
  });
});

test('a release without an answer may have made room, from when it began', () => {
  const held = acquire([0, 1], 4);
  expect(judge(held, release([2], 4), acquire([3, 4], 5))).toBe('valid');
  expect(judge(held, release([4], 4), acquire([3, 5], 5))).toBe('valid');
  expect(kindOf(held, acquire([3, 4], 5), release([5], 4))).toBe('double-grant');
  // The token 5 was released before it began.
  const early = [held, acquire([2, 9], 5), release([3, 4], 5), release([5], 4)];
  expect(kindOf(...early)).toBe('double-grant');
  expect(judge(held, release([2], 4), acquire([3], 0), release([5, 6], 8))).toBe('valid');
  expect(judge(held, release([2], 4), release([5, 6], 8))).toBe('impossible-release: 0 2 5');
});

describe('the store', () => {
  const newer = write([0, 1], 7);

  test('accepts no smaller token after a greater one, but an equal one', () => {
    expect(judge(newer, write([2, 3], 6))).toBe('stale-write-accepted: 0 2');
    expect(judge(newer, write([2, 3], 7))).toBe('valid');
    expect(judge(write([0, 4], 7), write([2, 3], 6))).toBe('valid');
  });

  test('rejects a token for a greater one only', () => {
    expect(judge(newer, write([2, 3], 6, false))).toBe('valid');
    expect(judge(newer, write([2, 3], 7, false))).toBe('impossible-refusal: 2');
    expect(judge(write([0, 1], 3, false))).toBe('impossible-refusal: 0');
    expect(judge(write([0], 7), write([1, 2], 3, false))).toBe('valid');
    expect(judge(write([0, 1], 3, false), write([2, 3], 7))).toBe('impossible-refusal: 0');
  });

  test('has accepted what only a rejection tells', () => {
    const rejected = write([1, 2], 3, false);
    expect(judge(write([0], 7), rejected, write([3, 4], 6))).toBe('stale-write-accepted: 0 1 3');
    expect(judge(write([0], 7), rejected, write([3, 4], 7))).toBe('valid');
    const either = [write([0], 9), write([1], 5), write([2, 3], 3, false), write([4, 5], 6)];
    expect(judge(...either)).toBe('valid');
    expect(sentenceOf(write([0], 7), rejected, write([3, 4], 6))).toBe(
      "The store accepted process 2's write (op 3) with the token 6, although it had accepted a " +
        "newer one one entry of the history before, when it rejected process 1's write (op 1) " +
        "with the token 3: and that can only be process 0's write (op 0) with 7.",
    );
  });

  test('does not ask who holds the lock', () => {
    expect(judge(write([0, 1], 9), acquire([2, 3], 1), write([4, 5], 8, false))).toBe('valid');
  });
});

test('an answer of the wrong shape is told in words', () => {
  const bad = [
    op('acquire', [0, 1], { output: 'seven' }),
    op('acquire', [0, 1], { value: 'seven', output: 7 }),
    op('acquire', [0, 1], { value: [1, 2], output: 7 }),
    op('release', [0, 1], { value: null }),
    op('release', [0, 1], { value: [1, 2] }),
    op('release', [0, 1], { value: 1, output: false }),
    op('write', [0, 1], { value: 3 }),
    op('write', [0, 1], { value: ['x', 3] }),
  ];
  for (const draft of bad) {
    const [operation] = records(draft);
    expect(operation && model.check(operation)).toMatch(/integer|token|fail/);
  }
});
