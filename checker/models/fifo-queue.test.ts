import { expect, test } from 'vitest';
import { decide, op, outline, records } from '../testing/lock-operations.ts';
import type { Span } from '../testing/operations.ts';
import { compareLocks } from '../testing/random-lock-agreement.ts';
import { createFifoQueue } from './fifo-queue.ts';

const model = createFifoQueue();
const enqueue = (value: unknown, span: Span) => op('enqueue', span, { value });
const dequeue = (output: unknown, span: Span) => op('dequeue', span, { output });

test('on thousands of random histories the near-linear check agrees with the naive one', () => {
  const tally = compareLocks(model, 12_000);
  expect(tally.get('valid')).toBeGreaterThan(3000);
  const kinds = [
    'unwritten-value',
    'future-read',
    'duplicate-element',
    'reordered-elements',
    'lost-element',
    'impossible-empty',
  ];
  for (const kind of kinds) expect(tally.get(kind), kind).toBeGreaterThan(15);
});

test('elements that went in one after the other come out in that order', () => {
  const operations = records(
    enqueue('a', [0, 1]),
    enqueue('b', [2, 3]),
    dequeue('b', [4, 5]),
    dequeue('a', [6, 7]),
  );
  const result = decide(model, operations);
  expect(outline(result)).toBe('reordered-elements: 0 2 4 6');
  expect(result.type === 'invalid' && result.finding.sentence).toBe(
    'process 0\'s enqueue of "a" (op 0) completed one entry of the history before ' +
      'process 1\'s enqueue of "b" (op 2) began, but they came out in the opposite order: ' +
      'process 2\'s dequeue (op 4) took "b" and completed one entry of the history before ' +
      'process 3\'s dequeue (op 6), which took "a", began.',
  );
  const together = records(
    enqueue('a', [0, 3]),
    enqueue('b', [1, 2]),
    dequeue('b', [4, 5]),
    dequeue('a', [6, 7]),
  );
  expect(outline(decide(model, together))).toBe('valid');
});

test('an element that is overtaken is lost, unless an open dequeue can have taken it', () => {
  const overtaken = [enqueue('a', [0, 1]), enqueue('b', [2, 3]), dequeue('b', [6, 7])];
  expect(outline(decide(model, records(...overtaken)))).toBe('lost-element: 0 2 6');
  const early = op('dequeue', [4]);
  expect(outline(decide(model, records(...overtaken, early)))).toBe('valid');
  const late = op('dequeue', [8]);
  expect(outline(decide(model, records(...overtaken, late)))).toBe('lost-element: 0 2 6');
  // Two are overtaken, and the one open dequeue is part of the proof.
  const two = [enqueue('z', [-2, -1]), ...overtaken, early];
  expect(outline(decide(model, records(...two)))).toBe('lost-element: -2 0 2 4 6');
});

test('a queue that was never empty answers nothing empty', () => {
  const relay = [
    enqueue('a', [0, 1]),
    enqueue('b', [2, 5]),
    dequeue('a', [6, 7]),
    dequeue('b', [10, 11]),
  ];
  const meanwhile = dequeue(null, [3, 9]);
  expect(outline(decide(model, records(...relay, meanwhile)))).toBe('impossible-empty: 0 2 3 6 10');
  expect(outline(decide(model, records(...relay, dequeue(null, [3, 12]))))).toBe('valid');
  const after = dequeue(null, [8, 9]);
  expect(outline(decide(model, records(...relay, after)))).toBe('impossible-empty: 2 8 10');
});

test('what only an open dequeue could have emptied is decided where it is certain', () => {
  const history = (...more: readonly ReturnType<typeof op>[]) =>
    records(enqueue('a', [0, 1]), dequeue(null, [6, 7]), ...more);
  expect(outline(decide(model, history()))).toBe('impossible-empty: 0 6');
  expect(outline(decide(model, history(op('dequeue', [2]))))).toBe('valid');
  expect(outline(decide(model, history(op('dequeue', [8]))))).toBe('impossible-empty: 0 6');
  const two = history(op('dequeue', [2]), enqueue('b', [3, 4]));
  expect(outline(decide(model, two))).toBe('impossible-empty: 0 2 3 6');
});

test('an open enqueue happened exactly when somebody took its element', () => {
  expect(outline(decide(model, records(enqueue('a', [0]), dequeue('a', [1, 2]))))).toBe('valid');
  expect(outline(decide(model, records(enqueue('a', [0]), dequeue(null, [1, 2]))))).toBe('valid');
  const future = records(dequeue('a', [0, 1]), enqueue('a', [2]));
  expect(outline(decide(model, future))).toBe('future-read: 0 2');
});

test('the enqueue of an element that came out of nowhere is named when it failed', () => {
  const operations = records(dequeue('a', [2, 3]));
  expect(outline(decide(model, operations))).toBe('unwritten-value: 2');
  expect(outline(decide(model, operations, records(enqueue('a', [0, 1]))))).toBe(
    'failed-write-read: 2',
  );
});

test('a repeated element is left to the search, but only when somebody took it', () => {
  const twice = [enqueue('a', [0, 1]), enqueue('a', [2, 3])];
  expect(outline(decide(model, records(...twice)))).toBe('valid');
  expect(outline(decide(model, records(...twice, dequeue('a', [4, 5]))))).toBe('undecided');
});

test('elements may be pairs, and null is none', () => {
  const pairs = records(enqueue([1, 2], [0, 1]), dequeue([1, 2], [2, 3]));
  expect(outline(decide(model, pairs))).toBe('valid');
  const [operation] = records(enqueue(null, [0, 1]));
  expect(operation && model.check(operation)).toMatch(/not null/);
});
